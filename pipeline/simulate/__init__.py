"""A seeded country with known truth, written as a delivery with realistic faults.

What belongs here: everything that makes deliveries. Nothing here knows how the pipeline
reads names or addresses: the noise comes from its own tables and rules.
"""

from pipeline.simulate.faults import Faults
from pipeline.simulate.simulation import SimulationSummary, simulate

__all__ = ["Faults", "SimulationSummary", "simulate"]
