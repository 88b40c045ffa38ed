"""The figures: pure functions of a `Crm`, one file a subject."""
