"""The cronjob controller: Jobs at the times of a schedule.

Belongs here: `controller` (the controller), and the pure parts it decides with: `schedule` (which times have come, and
when the next one does), `plan` (whether to start a Job now), `jobs` (what a Job is like, which are known, which are
old). Must not: be imported by another controller.

Invariants: see `controller`.
"""
