"""The job controller: pods of a template until enough of them have succeeded, or too many have failed.

Belongs here: `controller` (the controller) and `hands` (its writing of pods), and the pure parts it decides with:
`census` (what the pods say), `verdict` (whether the Job is over), `accounting` (who is counted, and when a pod may go),
`plan` (what to create and delete), `template` (what a pod is like), `indexes` (sets of completion indexes), `failures`
(what a failed pod means), `backoff` (how long to wait for the next). Must not: be imported by another controller.

Invariants: see `controller`.
"""
