"""The fields of AWS's answers that are used, as typed Structs with the API's own names; times are text."""
