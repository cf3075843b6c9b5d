-- The course's modules and topics, so that SQL can join and name them. The rows repeat curriculum/catalogue.yaml
-- (tests/unit/curriculum compares them); a change of the catalogue comes with a migration of its own.

create table modules (
    id text collate "C" primary key,
    position smallint not null unique,
    title text not null,
    summary text not null
);

create table topics (
    id text collate "C" primary key,
    module_id text collate "C" not null references modules (id),
    position smallint not null,
    title text not null,
    summary text not null,
    unique (module_id, position)
);

insert into modules (id, position, title, summary) values
    ('basics', 1, 'First programs', 'Name values, read and print them, and calculate.'),
    ('control-flow', 2, 'Decide and repeat', 'Let a program choose its way and repeat its work.'),
    ('data-structures', 3, 'Many values', 'Keep many values together and find them again.'),
    ('functions', 4, 'Functions', 'Give a piece of work a name and use it anywhere.'),
    ('oop', 5, 'Objects', 'Put data and what it can do into one thing.'),
    ('files', 6, 'Files', 'Keep data when the program ends.'),
    ('errors', 7, 'Errors', 'Read error messages and handle what may go wrong.'),
    ('libraries', 8, 'Libraries', 'Use what others have written.');

insert into topics (id, module_id, position, title, summary) values
    ('basics/variables', 'basics', 1, 'Variables', 'A name for a value that you need again.'),
    ('basics/data-types', 'basics', 2, 'Data types', 'Numbers, text and truth values, and what each can do.'),
    ('basics/input-output', 'basics', 3, 'Input and output', 'Ask the person at the keyboard and print results.'),
    ('basics/operators', 'basics', 4, 'Operators', 'Calculate, compare, and the order in which it happens.'),
    ('basics/type-conversion', 'basics', 5, 'Type conversion', 'Make a number out of text and text out of a number.'),
    ('control-flow/conditionals', 'control-flow', 1, 'Conditionals', 'Run lines only when something is true: if, elif, else.'),
    ('control-flow/for-loops', 'control-flow', 2, 'For loops', 'Run the same lines once for each item.'),
    ('control-flow/while-loops', 'control-flow', 3, 'While loops', 'Run the same lines as long as something is true.'),
    ('control-flow/break-continue', 'control-flow', 4, 'Break and continue', 'Leave a loop early or skip one round of it.'),
    ('data-structures/lists', 'data-structures', 1, 'Lists', 'Items in order that can change, and comprehensions that make them.'),
    ('data-structures/tuples', 'data-structures', 2, 'Tuples', 'A few values that belong together and do not change.'),
    ('data-structures/dictionaries', 'data-structures', 3, 'Dictionaries', 'Look up a value by its key.'),
    ('data-structures/sets', 'data-structures', 4, 'Sets', 'Each item once, and quick to look up.'),
    ('functions/defining', 'functions', 1, 'Defining functions', 'Write a function once and call it often.'),
    ('functions/parameters', 'functions', 2, 'Parameters', 'Hand values to a function.'),
    ('functions/return-values', 'functions', 3, 'Return values', 'Get a result back from a function.'),
    ('functions/scope', 'functions', 4, 'Scope', 'Where a name is known and where it is not.'),
    ('oop/classes-objects', 'oop', 1, 'Classes and objects', 'A plan for things and the things made from it.'),
    ('oop/attributes-methods', 'oop', 2, 'Attributes and methods', 'What an object knows and what it can do.'),
    ('oop/inheritance', 'oop', 3, 'Inheritance', 'Build a new class on top of another.'),
    ('oop/encapsulation', 'oop', 4, 'Encapsulation', 'Let an object look after its own data.'),
    ('files/reading-writing', 'files', 1, 'Reading and writing', 'Open a text file, read its lines, write new ones.'),
    ('files/csv', 'files', 2, 'CSV files', 'Tables as text with commas.'),
    ('files/json', 'files', 3, 'JSON files', 'Lists and dictionaries as text.'),
    ('errors/try-except', 'errors', 1, 'Try and except', 'Catch an error and go on.'),
    ('errors/exception-types', 'errors', 2, 'Exception types', 'What each kind of error tells you.'),
    ('errors/custom-exceptions', 'errors', 3, 'Your own exceptions', 'Raise an error that says what is wrong.'),
    ('errors/debugging', 'errors', 4, 'Debugging', 'Find the cause of a fault step by step.'),
    ('libraries/installing-packages', 'libraries', 1, 'Installing packages', 'Get a package and import it.'),
    ('libraries/apis', 'libraries', 2, 'Web APIs', 'Ask another computer for data.'),
    ('libraries/virtual-environments', 'libraries', 3, 'Virtual environments', 'Keep the packages of each project apart.');

-- The course is public: every service may read it, and only a migration writes it.
do $$
declare
    service_role text;
begin
    for service_role in select rolname from pg_roles where rolname like 'lf\_%' loop
        execute format('grant select on modules, topics to %I', service_role);
    end loop;
end
$$;
