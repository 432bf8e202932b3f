from pageside_export.inbrowser import _fastest


def test_a_variant_counts_by_its_fastest_call_whatever_else_the_machine_did_meanwhile():
    assert _fastest({"failed": "", "times": [246.7, 81.2, 797.3]}) == 81.2


def test_a_variant_that_does_not_run_has_no_time():
    assert _fastest({"failed": "out of memory", "times": [81.2]}) is None
    assert _fastest({"failed": "", "times": []}) is None
