"""Protocols that others measured by, followed and set right."""
