"""Clerical review: questions out as sheets for clerks, verdicts back as decisions."""
