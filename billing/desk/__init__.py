"""The biller's pages at `/billing/`, and the manager's at `/manage/`."""
