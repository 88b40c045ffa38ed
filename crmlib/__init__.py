"""CRM reports: from a source of CRM data to the pages that stakeholders read. The rooms are described in README.md."""
