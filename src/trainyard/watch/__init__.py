"""`trainyard watch`: sees pushes and deaths within a second and starts job1 and job6."""
