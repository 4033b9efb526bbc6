"""The demo's page "Break something": parts are killed, beside a ledger of what was promised."""
