-- Instants are seconds since 1970; energies kWh; prices money/kWh; states of charge 0 to 1.

CREATE TABLE interval (
    start INTEGER PRIMARY KEY,
    grid_in REAL, grid_out REAL, solar REAL, load REAL, car REAL,
    import_price REAL, export_price REAL, is_published INTEGER
);

CREATE TABLE battery (
    start INTEGER, number INTEGER,
    energy_in REAL, energy_out REAL, soc REAL,
    PRIMARY KEY (start, number)
) WITHOUT ROWID;

-- By the last plan before the interval, and by the last one before its day.
CREATE TABLE expected (
    is_day_ahead INTEGER, start INTEGER,
    grid_in REAL, grid_out REAL, load REAL, solar REAL, soc REAL,
    import_price REAL, export_price REAL,
    PRIMARY KEY (is_day_ahead, start)
) WITHOUT ROWID;

CREATE TABLE plan (
    made INTEGER PRIMARY KEY,
    action TEXT, power_w REAL, until INTEGER, target_soc REAL, reason_code TEXT
);

-- What the last plan expects of the next 30 hours; one row.
CREATE TABLE last_plan (
    number INTEGER PRIMARY KEY CHECK (number = 0),
    made REAL, day TEXT, slots BLOB
);

-- Of the first plan of each hour, by its number since 1970; mean powers by the hour, 4-byte floats.
CREATE TABLE forecast (
    hour INTEGER PRIMARY KEY,
    made INTEGER, start INTEGER, load BLOB, solar BLOB
);

CREATE TABLE command (
    at INTEGER PRIMARY KEY,
    action TEXT, power_w REAL, until INTEGER, target_soc REAL, reason_code TEXT,
    mode TEXT, is_acted INTEGER
);

-- Sums of the intervals that are no longer there, for ever; columns as the fields of `Sums`.
CREATE TABLE half_hour (
    start INTEGER PRIMARY KEY,
    measured INTEGER, grid_in REAL, grid_out REAL, battery_in REAL, battery_out REAL,
    solar REAL, load REAL, car REAL,
    import_cost REAL, export_income REAL, idle_bill REAL, import_prices REAL,
    compared INTEGER, claimed REAL, from_price REAL, from_forecast REAL, from_execution REAL
);
