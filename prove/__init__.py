"""Long proofs, run on a machine of one's own by ``./dev prove NAME``; the tests run a short sample of each.

A proof is a module with ``PROOF`` (see ``runner.Proof``). It plays so many rounds, each from the seed and its
number alone, and then judges what the rounds found against bounds that stand in the module.
"""
