"""What people read: tables, paths, explanations and plans on a terminal, and the same as versioned JSON.

Text that comes from the audited system is shown with its control characters, bidirectional marks and markup escaped.
"""
