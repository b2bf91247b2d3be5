"""What was done to servers and their groups, by whom: CloudTrail, and the services' own records."""
