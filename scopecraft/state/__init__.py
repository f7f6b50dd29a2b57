"""Sessions and the journal, durably: the only home of sqlite3."""
