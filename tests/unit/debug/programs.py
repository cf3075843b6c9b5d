"""Small wrong programs of our own: each with its cause, the line of the cause, and the line that would repair it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wrong:
    """`line` is where the cause lies, `repair` what that line (or a new one there) would have to be."""

    name: str
    source: str
    misconception: str
    line: int
    repair: str
    stdin: str = ""


def _w(name: str, source: str, misconception: str, line: int, repair: str, stdin: str = "") -> Wrong:
    return Wrong(name, source.strip("\n") + "\n", misconception, line, repair, stdin)


WRONG = (
    _w(
        "range one too far",
        """
marks = [7, 4, 9, 6, 8]
total = 0
for i in range(len(marks) + 1):
    total += marks[i]
print(total / len(marks))
""",
        "range-includes-end",
        3,
        "for i in range(len(marks)):",
    ),
    _w(
        "counting from one",
        """
def shout(words):
    for n in range(1, len(words) + 1):
        print(words[n].upper())

shout(["go", "on"])
""",
        "range-includes-end",
        2,
        "for n in range(len(words)):",
    ),
    _w(
        "length as position",
        """
queue = ["Ana", "Ben", "Cleo"]
last = queue[len(queue)]
print(last)
""",
        "last-index-is-len",
        2,
        "last = queue[len(queue) - 1]",
    ),
    _w(
        "length stored first",
        """
rooms = [12, 30, 25]
size = len(rooms)
print(rooms[0])
print(rooms[size])
""",
        "last-index-is-len",
        2,
        "print(rooms[size - 1])",
    ),
    _w(
        "while one round too many",
        """
scores = [3, 5, 8]
i = 0
while i <= len(scores):
    print(scores[i])
    i += 1
""",
        "last-round-goes-too-far",
        3,
        "while i < len(scores):",
    ),
    _w(
        "neighbours",
        """
temps = [12, 15, 11]
for day in range(len(temps)):
    if temps[day + 1] > temps[day]:
        print("warmer", day)
""",
        "neighbour-past-the-end",
        2,
        "for day in range(len(temps) - 1):",
    ),
    _w(
        "item as position",
        """
prices = [30, 10, 20]
total = 0
for p in prices:
    total += prices[p]
print(total)
""",
        "index-is-value",
        4,
        "total += p",
    ),
    _w(
        "two lists",
        """
names = ["Ida", "Tom", "Lea"]
ages = [11, 12]
for k in range(len(names)):
    print(names[k], ages[k])
""",
        "other-length",
        3,
        "for k in range(len(ages)):",
    ),
    _w(
        "removing while counting",
        """
nums = [1, 2, 2, 3]
for i in range(len(nums)):
    if nums[i] == 2:
        nums.pop(i)
print(nums)
""",
        "remove-while-looping",
        4,
        "nums = [n for n in nums if n != 2]",
    ),
    _w(
        "writing into an empty list",
        """
squares = []
for n in range(3):
    squares[n] = n * n
print(squares)
""",
        "list-grows-by-position",
        3,
        "squares.append(n * n)",
    ),
    _w(
        "too few parts",
        """
line = "Lima"
parts = line.split(",")
print(parts[1])
""",
        "fewer-parts",
        2,
        'parts = line.split(" ")',
    ),
    _w(
        "nothing inside",
        """
def first(items):
    return items[0]

found = []
print(first(found))
""",
        "empty-has-no-first",
        2,
        "return items[:1]",
    ),
    _w(
        "pop too often",
        """
stack = ["a"]
stack.pop()
stack.pop()
""",
        "empty-has-no-first",
        3,
        "stack",
    ),
    _w(
        "typo",
        """
counter = 0
for n in [4, 5]:
    counter = countr + n
print(counter)
""",
        "name-typo",
        3,
        "counter = counter + n",
    ),
    _w(
        "typo of print",
        """
city = "Oslo"
pritn(city)
""",
        "name-typo",
        2,
        "print(city)",
    ),
    _w(
        "capital",
        """
Total = 4
print(total)
""",
        "name-typo",
        2,
        "print(Total)",
    ),
    _w(
        "branch not taken",
        """
score = 40
if score >= 50:
    grade = "pass"
print(grade)
""",
        "branch-not-taken",
        2,
        "grade = 'fail'",
    ),
    _w(
        "branch not taken in a function",
        """
def label(age):
    if age > 17:
        text = "adult"
    return text

print(label(12))
""",
        "branch-not-taken",
        2,
        "text = 'child'",
    ),
    _w(
        "loop without a round",
        """
for bird in []:
    last = bird
print(last)
""",
        "loop-always-runs",
        3,
        "last = None",
    ),
    _w(
        "called before defined",
        """
greet("Mo")

def greet(name):
    print("hi", name)
""",
        "used-before-made",
        1,
        "print('hi', 'Mo')",
    ),
    _w(
        "counter never started",
        """
for n in range(3):
    hits = hits + n
print(hits)
""",
        "used-before-made",
        2,
        "hits = 0",
    ),
    _w(
        "local name outside",
        """
def area(w, h):
    result = w * h

area(3, 4)
print(result)
""",
        "local-is-global",
        2,
        "print(area(3, 4))",
    ),
    _w(
        "no quotes",
        """
answer = "yes"
if answer == yes:
    print("ok")
""",
        "text-needs-quotes",
        2,
        'if answer == "yes":',
    ),
    _w(
        "no quotes in a call",
        """
print(hello)
""",
        "text-needs-quotes",
        1,
        'print("hello")',
    ),
    _w(
        "no import",
        """
side = 9
print(math.sqrt(side))
""",
        "needs-import",
        2,
        "import math",
    ),
    _w(
        "inside the module",
        """
import math
print(sqrt(16))
""",
        "import-gives-module",
        2,
        "print(math.sqrt(16))",
    ),
    _w(
        "no self",
        """
class Purse:
    def __init__(self):
        self.coins = 3

    def show(self):
        print(coins)

Purse().show()
""",
        "needs-self",
        6,
        "print(self.coins)",
    ),
    _w(
        "small true",
        """
ready = true
print(ready)
""",
        "other-language-word",
        1,
        "ready = True",
    ),
    _w(
        "sort stored",
        """
nums = [3, 1, 2]
print("start")
nums = nums.sort()
print("sorted")
print(nums[0])
""",
        "sort-returns-list",
        3,
        "nums.sort()",
    ),
    _w(
        "append stored",
        """
basket = []
for fruit in ["fig", "kiwi"]:
    basket = basket.append(fruit)
print(basket)
""",
        "sort-returns-list",
        3,
        "basket.append(fruit)",
    ),
    _w(
        "sort returned",
        """
def ordered(values):
    return values.sort()

best = ordered([5, 2])
for v in best:
    print(v)
""",
        "sort-returns-list",
        2,
        "return sorted(values)",
    ),
    _w(
        "print instead of return",
        """
def double(x):
    print(x * 2)

result = double(4)
print(result + 1)
""",
        "return-vs-print",
        2,
        "return x * 2",
    ),
    _w(
        "no return",
        """
def add(a, b):
    total = a + b

price = add(2, 3)
tax = price * 0.2
print(tax)
""",
        "missing-return",
        2,
        "return total",
    ),
    _w(
        "return on one way only",
        """
def largest(items):
    for item in items:
        if item > 10:
            return item

big = largest([1, 2])
print(big + 1)
""",
        "return-on-some-ways",
        4,
        "return items[0]",
    ),
    _w(
        "print stored",
        """
text = print("hello")
print(text.upper())
""",
        "return-vs-print",
        1,
        'text = "hello"',
    ),
    _w(
        "get found nothing",
        """
stock = {"tea": 2}
left = stock.get("milk")
print(left - 1)
""",
        "get-may-find-nothing",
        2,
        'left = stock.get("milk", 0)',
    ),
    _w(
        "direct",
        """
print([3, 1].sort()[0])
""",
        "sort-returns-list",
        1,
        "print(sorted([3, 1])[0])",
    ),
    _w(
        "none stays",
        """
best = None
for n in []:
    best = n
if best > 3:
    print("big")
""",
        "none-stays",
        1,
        "best = 0",
    ),
    _w(
        "none handed over",
        """
def size(items):
    return len(items)

words = ["b", "a"]
words = words.sort()
print(size(words))
""",
        "sort-returns-list",
        5,
        "words.sort()",
    ),
    _w(
        "text plus number",
        """
age = 12
print("Age: " + age)
""",
        "text-plus-number",
        2,
        'print("Age: " + str(age))',
    ),
    _w(
        "number plus text",
        """
total = 5
label = total + " apples"
""",
        "text-plus-number",
        2,
        'label = str(total) + " apples"',
    ),
    _w(
        "input is text",
        """
age = input()
print(age + 1)
""",
        "input-gives-number",
        1,
        "age = int(input())",
        "12\n",
    ),
    _w(
        "input compared",
        """
guess = input()
if guess > 10:
    print("too big")
""",
        "input-gives-number",
        1,
        "guess = int(input())",
        "12\n",
    ),
    _w(
        "list plus item",
        """
found = [1, 2]
found = found + 3
""",
        "plus-adds-item",
        2,
        "found = found + [3]",
    ),
    _w(
        "list plus-equals item",
        """
found = []
for n in range(3):
    found += n
""",
        "plus-adds-item",
        3,
        "found.append(n)",
    ),
    _w(
        "sum is a number",
        """
sum = 0
for n in [1, 2]:
    sum = sum + n
print(sum([4, 5]))
""",
        "own-name-hides-builtin",
        3,
        "total = total + n",
    ),
    _w(
        "no sign before brackets",
        """
x = 3
print(2(x + 1))
""",
        "value-is-called",
        2,
        "print(2 * (x + 1))",
    ),
    _w(
        "round brackets on a list",
        """
row = [5, 6]
print(row(0))
""",
        "list-needs-brackets",
        2,
        "print(row[0])",
    ),
    _w(
        "part of a number",
        """
row = [5, 6]
for cell in row:
    print(cell[0])
""",
        "number-has-no-parts",
        3,
        "print(cell)",
    ),
    _w(
        "loop over a length",
        """
word = "owl"
for i in len(word):
    print(word[i])
""",
        "length-is-iterable",
        2,
        "for i in range(len(word)):",
    ),
    _w(
        "one value too few",
        """
def box(w, h, d):
    return w * h * d

print(box(2, 3))
""",
        "argument-count",
        4,
        "print(box(2, 3, 1))",
    ),
    _w(
        "method without self",
        """
class Dog:
    def bark(times):
        print("wuff" * times)

Dog().bark(2)
""",
        "method-needs-self",
        2,
        "def bark(self, times):",
    ),
    _w(
        "init misspelt",
        """
class Cat:
    def _init_(self, name):
        self.name = name

tom = Cat("Tom")
""",
        "init-is-misspelt",
        2,
        "def __init__(self, name):",
    ),
    _w(
        "text as position",
        """
ages = [11, 12]
who = "0"
print(ages[who])
""",
        "index-must-be-whole",
        3,
        "print(ages[int(who)])",
    ),
    _w(
        "text is changed",
        """
word = "cat"
word[0] = "b"
""",
        "string-is-mutable",
        2,
        'word = "b" + word[1:]',
    ),
    _w(
        "tuple is changed",
        """
point = (1, 2)
point[0] = 5
""",
        "tuple-is-mutable",
        2,
        "point = [1, 2]",
    ),
    _w(
        "range of a list",
        """
names = ["Al", "Bo"]
for n in range(names):
    print(n)
""",
        "range-needs-number",
        2,
        "for n in range(len(names)):",
    ),
    _w(
        "half a number",
        """
steps = 10 / 2
for n in range(steps):
    print(n)
""",
        "whole-number-needed",
        1,
        "steps = 10 // 2",
    ),
    _w(
        "list as key",
        """
seen = {}
spot = [1, 2]
seen[spot] = True
""",
        "key-can-be-anything",
        3,
        "spot = (1, 2)",
    ),
    _w(
        "join of numbers",
        """
nums = [1, 2]
print(",".join(nums))
""",
        "join-needs-text",
        2,
        'print(",".join(str(n) for n in nums))',
    ),
    _w(
        "count in a function",
        """
count = 0

def hit():
    count = count + 1

hit()
print(count)
""",
        "assignment-reaches-out",
        4,
        "return count + 1",
    ),
    _w(
        "augmented in a function",
        """
lives = 3

def lose():
    print("ouch")
    lives -= 1

lose()
""",
        "assignment-reaches-out",
        5,
        "return lives - 1",
    ),
    _w(
        "builtin hidden in a function",
        """
def biggest(values):
    max = max(values)
    return max

print(biggest([1, 5]))
""",
        "own-name-hides-builtin",
        2,
        "return max(values)",
    ),
    _w(
        "sum never started",
        """
def add_up(values):
    for v in values:
        total += v
    return total

print(add_up([1, 2]))
""",
        "local-not-set-yet",
        3,
        "total = 0",
    ),
    _w(
        "loop in a function without a round",
        """
def last_of(items):
    for item in items:
        found = item
    return found

print(last_of([]))
""",
        "loop-always-runs",
        4,
        "found = None",
    ),
    _w(
        "no number",
        """
amount = int("12a")
""",
        "int-reads-any-text",
        1,
        "amount = int('12')",
    ),
    _w(
        "typed word",
        """
n = int(input())
print(n)
""",
        "int-reads-any-text",
        1,
        "n = int(input() or 0)",
        "four\n",
    ),
    _w(
        "decimal text",
        """
price = "3.50"
cents = int(price) * 100
""",
        "int-reads-decimal-text",
        2,
        "cents = float(price) * 100",
    ),
    _w(
        "two numbers typed",
        """
a = int(input())
print(a)
""",
        "several-in-one-text",
        1,
        "a, b = map(int, input().split())",
        "3 4\n",
    ),
    _w(
        "empty line",
        """
n = int(input())
""",
        "empty-text-is-zero",
        1,
        "n = int(input() or 0)",
        "\n",
    ),
    _w(
        "three names two values",
        """
pair = (4, 5)
a, b, c = pair
""",
        "unpack-counts",
        2,
        "a, b = pair",
    ),
    _w(
        "pairs in a loop",
        """
points = [(1, 2, 3), (4, 5, 6)]
for x, y in points:
    print(x + y)
""",
        "unpack-counts",
        2,
        "for x, y, z in points:",
    ),
    _w(
        "remove what is not there",
        """
pets = ["cat", "dog"]
pets.remove("fish")
""",
        "not-in-list",
        2,
        'pets.remove("dog")',
    ),
    _w(
        "misspelt method",
        """
items = []
items.apend(3)
""",
        "attribute-typo",
        2,
        "items.append(3)",
    ),
    _w(
        "method of another language",
        """
items = []
items.push(3)
""",
        "method-of-other-language",
        2,
        "items.append(3)",
    ),
    _w(
        "text has no append",
        """
names = "Ida"
names.append("Tom")
""",
        "other-object",
        1,
        'names = ["Ida"]',
    ),
    _w(
        "split of a list",
        """
words = "a b".split()
for w in words.split():
    print(w)
""",
        "other-object",
        1,
        "for w in words:",
    ),
    _w(
        "attribute never stored",
        """
class Bus:
    def __init__(self, seats):
        seats = seats

print(Bus(4).seats)
""",
        "attribute-not-set-yet",
        2,
        "self.seats = seats",
    ),
    _w(
        "attribute misspelt",
        """
class Bus:
    def __init__(self, seats):
        self.seats = seats

print(Bus(4).seat)
""",
        "attribute-typo",
        5,
        "print(Bus(4).seats)",
    ),
    _w(
        "function instead of result",
        """
def names():
    return ["a"]

print(names.append("b"))
""",
        "name-is-call",
        1,
        'names().append("b")',
    ),
    _w(
        "missing key",
        """
counts = {}
for letter in "aba":
    counts[letter] += 1
""",
        "missing-key-is-zero",
        3,
        "counts[letter] = counts.get(letter, 0) + 1",
    ),
    _w(
        "key of another type",
        """
names = {1: "Ida", 2: "Tom"}
pick = "1"
print(names[pick])
""",
        "key-has-another-type",
        3,
        "print(names[int(pick)])",
    ),
    _w(
        "mean of nothing",
        """
def mean(values):
    return sum(values) / len(values)

print(mean([]))
""",
        "divisor-is-never-zero",
        2,
        "return 0",
    ),
    _w(
        "no base case",
        """
def down(n):
    print(n)
    down(n - 1)

down(3)
""",
        "recursion-needs-an-end",
        1,
        "if n == 0:",
    ),
    _w(
        "recursion does not shrink",
        """
def fact(n):
    if n == 0:
        return 1
    return n * fact(n)

print(fact(3))
""",
        "recursion-must-shrink",
        4,
        "return n * fact(n - 1)",
    ),
    _w(
        "base case stepped over",
        """
def is_even(n):
    if n == 0:
        return True
    return is_even(n - 2)

print(is_even(5))
""",
        "recursion-must-shrink",
        4,
        "if n <= 1:",
    ),
    _w(
        "more input than lines",
        """
a = input()
b = input()
""",
        "input-ends",
        2,
        "b = a",
        "one\n",
    ),
    _w(
        "while never changes",
        """
i = 0
while i < 3:
    print(i)
""",
        "while-counts-itself",
        2,
        "i += 1",
    ),
    _w(
        "while in the wrong direction",
        """
i = 5
while i > 0:
    print(i)
    i += 1
""",
        "moves-away-from-the-end",
        4,
        "i -= 1",
    ),
    _w(
        "stepped over the end",
        """
n = 5
while n != 0:
    n -= 2
""",
        "moves-away-from-the-end",
        3,
        "while n > 0:",
    ),
    _w(
        "no way out",
        """
n = 0
while True:
    n += 1
""",
        "no-way-out",
        2,
        "break",
    ),
    _w(
        "break never reached",
        """
n = 1
while True:
    n += 2
    if n == 10:
        break
""",
        "no-way-out",
        5,
        "if n >= 10:",
    ),
    _w(
        "list grows",
        """
row = [1]
for x in row:
    row.append(x + 1)
""",
        "grows-while-looping",
        3,
        "for x in list(row):",
    ),
)
