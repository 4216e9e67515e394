"""Run what students hand in where it can hurt nobody."""
