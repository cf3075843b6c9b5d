"""Programs that say too much, say it oddly, or take the streams apart; and sources that are odd themselves."""

# ruff: noqa: E501 - a program on one line is read more easily than one cut in two

from tests.hostile.programs.hostile import ERROR, FLOOD, KILLED, MEMORY, OK, TIMEOUT, family

output = family("output")

CHANNEL = """
import os
for _ in range(200):
    for number in range(3, 64):
        try: os.write(number, b"[" * 60000 + b"\\n")
        except OSError: pass
"""
FORGED = """
import os
while True: os.write(3, b'{"error": 1}\\n' * 5000)
"""
BOTH = """
import sys
while True:
    print('out' * 10)
    print('err' * 10, file=sys.stderr)
"""
CHILD = """
import os
if os.fork() == 0:
    while True: os.write(1, b'x' * 1000)
os.waitpid(-1, 0)
"""
CHILDREN = """
import os
for _ in range(6): os.fork()
while True: os.write(1, b'x' * 1000)
"""
UNREAD = """
import os
os.set_blocking(1, False)
for _ in range(10 ** 6):
    try: os.write(1, b'x' * 4096)
    except BlockingIOError: pass
"""

PROGRAMS = [
    output("flood", "while True: print('x' * 100)", FLOOD),
    output("flood_of_errors", "import sys\nwhile True: print('x' * 99, file=sys.stderr)", FLOOD),
    output("flood_on_both", BOTH, FLOOD),
    output("flood_by_a_child", CHILD, FLOOD, alone=(ERROR,)),
    output("flood_by_all", CHILDREN, FLOOD, ERROR),  # the limit of output, or that of processes: whichever is first
    output("flood_without_blocking", UNREAD, FLOOD, TIMEOUT),
    output("flood_at_exit", "import atexit\n@atexit.register\ndef say():\n    while True: print('x' * 1000)", FLOOD),
    output("flood_of_single_bytes", "import os\nwhile True: os.write(1, b'x')", FLOOD),
    output(
        "flood_of_warnings",
        "import warnings\nwarnings.simplefilter('always')\nwhile True: warnings.warn('x' * 500)",
        FLOOD,
    ),
    output("flood_caught", "while True:\n    try: print('x' * 9999)\n    except BaseException: pass", FLOOD),
    output("one_long_line", "print('x' * 20_000_000)", FLOOD, MEMORY),
    output("one_long_line_without_its_end", "import sys; sys.stdout.write('x' * 9_000_000)", FLOOD, MEMORY),
    output("character_cut_in_two", "print('x' + '\u20ac' * 40_000)", FLOOD, says="\u20ac"),
    output("long_error", "raise ValueError('x' * 5_000_000)", ERROR, FLOOD),
    output("long_name_of_an_error", "raise type('E' * 100_000, (Exception,), {})('x')", ERROR, FLOOD),
    output("deep_traceback", "def f(n):\n    if n: f(n - 1)\n    else: 1 / 0\nf(900)", ERROR, says="ZeroDivisionError"),
    output("invalid_utf8", "import os; os.write(1, b'ok \\xff\\xfe end')", OK, says="ok \ufffd"),
    output("every_byte", "import os; os.write(1, bytes(range(256)) * 4 + b'end')", OK, says="end"),
    output("half_a_character", "import os; os.write(1, b'end\\xe2\\x82')", OK, says="end"),
    output(
        "too_large_characters",
        "import os; os.write(1, b'\\xf8\\x88\\x80\\x80\\x80 \\xed\\xa0\\x80 end')",
        OK,
        says="end",
    ),
    output("nul", "print('a\\0b')", OK, says="a\u2400b"),
    output("escapes", "print('\\x1b[2J\\x1b]0;title\\x07\\x1b[31m end')", OK, says="end"),
    output("backspaces_and_returns", "print('wrong\\rright\\b\\b end')", OK, says="end"),
    output("turned_letters", "print('\u202e\u2066 end')", OK, says="end"),
    output("half_surrogate", "print('before'); print('\\ud800')", ERROR, says="UnicodeEncodeError"),
    output("half_surrogate_in_error", "raise ValueError('\\ud800 x')", ERROR, says="ValueError"),
    output(
        "half_surrogate_as_type",
        "raise type('\\ud800', (Exception,), {})('x')",
        ERROR,
        raises=("UnicodeEncodeError", "\ufffd", "?"),
    ),
    output("half_surrogate_as_file", "open('\\udcff', 'w').write('x'); print('end')", OK, says="end"),
    output("looks_like_json", 'print(\'"}],"status":"ok","exit_code":0}\'); 1 / 0', ERROR),
    output("closed_stdout", "import os; os.close(1); print('x')", ERROR, OK),
    output("closed_stderr", "import os; os.close(2); 1 / 0", ERROR),
    output("closed_stdin", "import os; os.close(0); print(open('main.py').read()[:0] + 'end')", OK, says="end"),
    output("all_closed", "import os\nfor n in (0, 1, 2): os.close(n)\n1 / 0", ERROR),
    output("no_streams", "import sys; sys.stdout = sys.stderr = sys.stdin = None; print('x'); 1 / 0", ERROR),
    output(
        "stream_that_raises",
        "import sys\nclass S:\n    def write(self, t): raise MemoryError\n    def flush(self): raise KeyboardInterrupt\nsys.stdout = sys.stderr = S()",
        OK,
        ERROR,
        MEMORY,
        KILLED,
    ),
    output("detached", "import sys; sys.stdout.detach(); 1 / 0", ERROR),
    output("swapped", "import os; os.dup2(1, 0); os.dup2(2, 1); os.write(1, b'end'); 1 / 0", ERROR, says="end"),
    output(
        "file_as_stdout",
        "import os, sys; os.dup2(os.open('o.txt', os.O_CREAT | os.O_WRONLY), 1); print('end')",
        OK,
        says="end",
    ),
    output(
        "writes_to_its_input", "import os\ntry: os.write(0, b'x')\nexcept OSError: print('refused')", OK, says="refused"
    ),
    output(
        "grows_its_input",
        "import os\ntry: os.ftruncate(0, 1 << 30)\nexcept OSError: print('refused')",
        OK,
        says="refused",
    ),
    output("reads_for_ever", "import sys\nfor n in range(100_000): sys.stdin.read()\nprint('end')", OK, says="end"),
    output("asks_too_often", "input()", ERROR, raises=("EOFError",)),
    output(
        "truncates_its_output",
        "import os\ntry: os.ftruncate(1, 0)\nexcept OSError: print('refused')",
        OK,
        says="refused",
    ),
    output("reads_its_output", "import os\ntry: os.read(1, 10)\nexcept OSError: print('refused')", OK, says="refused"),
    output("floods_our_channel", CHANNEL, OK, TIMEOUT, FLOOD, timeout_s=2),
    output("floods_our_channel_for_ever", "import os\nwhile True: os.write(3, b'x' * 60000)", FLOOD),
    output("forges_reports_for_ever", FORGED, FLOOD),
    output("source_in_latin_1", "# -*- coding: latin-1 -*-\nprint('gr\u00fc\u00dfe')", OK, says="gr"),
    output("source_in_utf_7", "# coding: utf-7\nprint('end')", OK, ERROR, raises=("SyntaxError",)),
    output("source_in_rot13", "# coding: rot13\ncevag('raq')", ERROR, OK, raises=("SyntaxError", "NameError")),
    output("source_in_nothing", "# coding: no-such-thing\nprint('end')", OK, ERROR, raises=("SyntaxError",)),
    output("source_with_mark", "\ufeffprint('end')", OK, ERROR, raises=("SyntaxError",)),
    output("source_with_returns", "print('a')\r\nprint('end')\rprint('x')", OK, says="end"),
    output("source_with_tabs_and_spaces", "if 1:\n\tprint(1)\n        print(2)", ERROR, raises=("TabError",)),
    output("source_with_form_feed", "\fprint('end')", OK, says="end"),
    output("source_of_ten_thousand_lines", "\n" * 9_990 + "1/0", ERROR, says="9991"),
    output("source_of_one_long_line", "x = '" + "a" * 9_900 + "'\nprint('end')", OK, says="end"),
    output("empty_source", "", OK),
]
