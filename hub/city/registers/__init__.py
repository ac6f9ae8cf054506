"""What each department writes down about a person, in its own words, codes and dates (docs/city.md)."""
