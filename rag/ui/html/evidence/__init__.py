"""The evidence panel and what opens from it: rank flow, what-if, why-not, records, saved evidence."""
