CREATE TABLE unit (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE);
CREATE TABLE indicator (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE);

-- The newest version of each figure; the key is what makes a repetition harmless.
CREATE TABLE figure (
    period INTEGER NOT NULL,
    unit INTEGER NOT NULL,
    indicator INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    numerator INTEGER NOT NULL,
    denominator INTEGER NOT NULL,
    PRIMARY KEY (period, unit, indicator)
) WITHOUT ROWID;

-- Cities' sums, kept in the transaction that changes figures.
CREATE TABLE summary (
    period INTEGER NOT NULL,
    city TEXT NOT NULL,
    indicator INTEGER NOT NULL,
    reported INTEGER NOT NULL,
    numerator INTEGER NOT NULL,
    denominator INTEGER NOT NULL,
    PRIMARY KEY (period, city, indicator)
) WITHOUT ROWID;

-- Every version that was taken, by batch and row: the figures' history, as a node keeps it.
CREATE TABLE version (
    batch TEXT NOT NULL,
    row INTEGER NOT NULL,
    period INTEGER NOT NULL,
    unit INTEGER NOT NULL,
    indicator INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    numerator INTEGER NOT NULL,
    denominator INTEGER NOT NULL,
    by TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (batch, row)
) WITHOUT ROWID;
