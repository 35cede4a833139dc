"""Webhooks of telephony systems: one file for each system, from a request as it was delivered to announced recordings.

Each reads one signed request and touches nothing. What is announced is fetched later (``worker.intake.fetching``).
"""
