-- Cities' sums, kept by the statement that changes figures. Rows are always taken in the order of the
-- key, so that two batches which meet do not wait for each other in a circle.
CREATE TABLE summary (
    period integer NOT NULL,
    city smallint NOT NULL,
    indicator smallint NOT NULL,
    reported bigint NOT NULL,
    numerator bigint NOT NULL,
    denominator bigint NOT NULL,
    PRIMARY KEY (period, city, indicator)
) WITH (fillfactor = 30);

CREATE FUNCTION figures_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO summary AS held
    SELECT period, city, indicator, count(*), sum(numerator), sum(denominator)
    FROM came GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (period, city, indicator) DO UPDATE SET
        reported = held.reported + excluded.reported,
        numerator = held.numerator + excluded.numerator,
        denominator = held.denominator + excluded.denominator;
    RETURN NULL;
END $$;

CREATE FUNCTION figures_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO summary AS held
    SELECT is_now.period, is_now.city, is_now.indicator, 0,
        sum(is_now.numerator - was.numerator), sum(is_now.denominator - was.denominator)
    FROM is_now JOIN was USING (period, unit, indicator)
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (period, city, indicator) DO UPDATE SET
        numerator = held.numerator + excluded.numerator,
        denominator = held.denominator + excluded.denominator;
    RETURN NULL;
END $$;

CREATE TRIGGER figures_came AFTER INSERT ON figure
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION figures_came();
CREATE TRIGGER figures_changed AFTER UPDATE ON figure
    REFERENCING OLD TABLE AS was NEW TABLE AS is_now
    FOR EACH STATEMENT EXECUTE FUNCTION figures_changed();
