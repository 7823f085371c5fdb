"""A dispatch with its accounts: flows, bill, shortfalls, audit, and the plan that holds them."""
