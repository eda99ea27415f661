-- Codes are numbers here, and a figure knows its city, so that no query needs a join.
CREATE TABLE unit (id integer PRIMARY KEY, code text NOT NULL UNIQUE);
CREATE TABLE city (id smallint PRIMARY KEY, code text NOT NULL UNIQUE);
CREATE TABLE indicator (id smallint PRIMARY KEY, code text NOT NULL UNIQUE);

-- The newest version of each figure; the key is what makes a repetition harmless.
CREATE TABLE figure (
    period integer NOT NULL,
    unit integer NOT NULL,
    revision integer NOT NULL,
    indicator smallint NOT NULL,
    city smallint NOT NULL,
    numerator bigint NOT NULL,
    denominator bigint NOT NULL,
    PRIMARY KEY (period, unit, indicator)
) WITH (fillfactor = 90);
