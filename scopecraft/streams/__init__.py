"""Reading what agents write: lines, records, activity; the only home of watchdog."""
