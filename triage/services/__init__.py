"""Use cases: ``verb(actor, …)`` loads, decides with the domain, writes, records the event, commits once."""
