"""The planner: from a finding to candidate actions, one file per remedy. Pure; it proposes and never acts."""
