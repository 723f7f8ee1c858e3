"""Tests of what fronts can ask of the product."""
