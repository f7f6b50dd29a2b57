"""The one background process of a home: it starts what waits, settles what ended, and keeps an eye on what runs."""
