"""What is learnt from the tables: features of customers, models on them, and whether they were right. Pure functions of a `Crm`."""
