"""The five departments' own systems, as different as real ones: docs/city.md describes each.

They belong to the departments: the hub reaches them through connectors only.
"""
