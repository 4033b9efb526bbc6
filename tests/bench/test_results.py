"""Percentiles, ratios and the tables."""

import math

from bench.results import Results, Row
from bench.stats import Latency, per_unit_us, percentile


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert percentile(values, 50) == 51
    assert percentile(values, 99) == 100
    assert percentile(values, 100) == 100
    assert math.isnan(percentile([], 50))


def test_a_latency_is_given_in_milliseconds() -> None:
    assert Latency.of([0.010, 0.020, 0.030]) == Latency(3, 20.0, 30.0, 30.0)


def test_cpu_time_is_shared_out_per_unit_of_work() -> None:
    before, after = {"web": 1.0, "postgres": 0.5}, {"web": 3.0, "postgres": 0.5}
    assert per_unit_us(before, after, 1_000) == {"web": 2_000.0, "postgres": 0.0}


def test_a_ratio_says_how_many_times_better_ours_is_whichever_way_is_better() -> None:
    assert Row("rate", "1/s", 500, 100, more_is_better=True).ratio == 5
    assert Row("latency", "ms", 10, 400).ratio == 40
    assert Row("latency", "ms", 10, 5).ratio == 0.5


def test_no_ratio_is_made_up_where_one_side_was_not_measured() -> None:
    assert Row("rate", "1/s", 500, None).ratio is None
    assert Row("latency", "ms", 10, float("nan")).ratio is None


def test_each_row_is_shown_at_once_and_in_the_table() -> None:
    said: list[str] = []
    results = Results(said.append)
    results.add(Row("ingest", "fixes/s", 12_345.6, 100.0, "17,000/s", more_is_better=True))
    results.add(Row("lost", "%", 0.0, float("nan")))
    results.add_cost("ingest", {"web": 60.123, "postgres": 9.0})
    assert len(said) == 3
    table = results.markdown()
    assert "| ingest | fixes/s | 12,346 | 100 | 123x | 17,000/s |  |\n" in table
    assert "| lost | % | 0 | none came | - |  |  |\n" in table
    assert "| ingest | 60.1 | 9 |\n" in table
