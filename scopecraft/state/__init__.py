"""Sessions and the journal; the only home of sqlite3."""
