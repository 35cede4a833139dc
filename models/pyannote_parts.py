"""What On Record puts into pyannote's diarization pipeline: models from its own files, voice points, a clustering.

The pipeline stays pyannote's: it slides a segmentation model over the sound, asks for a voice point for each speaker of
each window, clusters the points, and joins windows and clusters. Four things are ours; what they change is measured by
``scripts/bench_diarization.py``:

- models are built from ``config.json`` and ``model.safetensors`` (see ``models.conversion``): nothing is unpickled and
  nothing is asked of a hub;
- windows are 5 s long. In 10 s, for which segmentation-3.0 was trained, it takes two like voices for one, and then no
  clustering can part them. Much shorter windows take music for speech;
- a voice point is made of the frames in which that speaker alone speaks, cut out of the window. pyannote hands such
  frames to a model as weights for its last layer, where the other voice has long been mixed in;
- the clustering keeps to the least and the most speakers without printing, and copes with calls of a few words.

This module imports torch and pyannote.audio when it is imported: ``models.diarizer`` does so when it is built, after it
has switched off what calls home.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - the name by which everybody knows it
from pyannote.audio import Model
from pyannote.audio.core.plda import PLDA
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.segmentation import PyanNet
from pyannote.audio.pipelines import SpeakerDiarization
from pyannote.audio.pipelines.clustering import BaseClustering
from pyannote.core import SlidingWindowFeature
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import cdist
from torch import Tensor

from models.conversion import CONFIG_FILE, WEIGHTS_FILE
from models.voices import SAMPLE_RATE_HZ, VoiceNetwork, read_weights
from worker.core.errors import BrokenModel

Numbers: TypeAlias = npt.NDArray[Any]

ARCHITECTURE = "pyannote.audio.models.segmentation.PyanNet.PyanNet"

WINDOW_S = 5.0
"""Half of what segmentation-3.0 was trained on, and just what the older one was."""
STEP = 0.25
"""From one window to the next, as a share of the window. Half as far costs twice as much and changes little."""
ONSET = 0.5
"""The older model gives each speaker a probability: here speech begins. The newer one says yes or no itself."""
SEGMENTATION_BATCH = 16
"""Windows at once: about 100 MB. More is no quicker on a processor."""
PAUSE_S = 0.3
"""A shorter pause does not end a stretch."""
LEAST_ALONE_S = 0.5
"""With less speech than this alone, a speaker is also heard where somebody talks at the same time."""
LEAST_ACTIVE = 0.2
"""Points of speakers who speak alone for a smaller share of their window are too vague to found a cluster on."""
LEAST_CLUSTER = 0.1
FEWEST_POINTS, ENOUGH_POINTS = 4, 10
"""A voice with fewer points than this share of all is no speaker of its own but a mishearing of another. The share is
never less than the first number, 3 s of speech or so, and never more than the second, 10 s in a long call."""
MOST_OF_ALL = 0.2
"""Nor is it more than this share, for the sake of sounds of a few seconds."""
MOST_CUTS = 64
"""Ways of cutting the tree of voices that are tried to get the number of speakers that was asked for."""


def load_segmentation(folder: Path, *, window_s: float | None = WINDOW_S) -> PyanNet:
    """A segmentation model from its folder, to be run in windows of at most ``window_s`` (None: as it was trained).

    Raises: BrokenModel if the files are missing, damaged, or of another model than they say.
    """
    try:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BrokenModel(f"The config.json in {folder.name} cannot be read. Run `onrecord models fetch`.") from error
    weights = read_weights(folder / WEIGHTS_FILE)
    try:
        if config["architecture"] != ARCHITECTURE:
            raise BrokenModel("The segmentation model is of a kind that is not known here. Choose another one.")
        made_for = config["specifications"]
        model = PyanNet(**config["hyper_parameters"])
        model.specifications = Specifications(
            problem=Problem[made_for["problem"]],
            resolution=Resolution[made_for["resolution"]],
            duration=min(made_for["duration"], window_s or math.inf),
            warm_up=tuple(made_for["warm_up"]),
            classes=made_for["classes"],
            powerset_max_classes=made_for["powerset_max_classes"],
            permutation_invariant=made_for["permutation_invariant"],
        )
        # Adds the last layer, whose size depends on the specifications. (pyannote gives this method no types.)
        model.setup()  # type: ignore[no-untyped-call]
        model.load_state_dict(weights)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise BrokenModel("The segmentation model's files do not fit together. Run `onrecord models check`.") from error
    return model.eval()


class VoicePoint(Model):
    """A voice network in the shape that the pipeline asks for."""

    def __init__(self, network: VoiceNetwork) -> None:
        super().__init__(sample_rate=SAMPLE_RATE_HZ)
        self.network = network
        self.specifications = Specifications(
            problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=WINDOW_S
        )

    @property
    def dimension(self) -> int:
        """Numbers in a point."""
        return self.network.dimension

    # The pipeline calls it so and not otherwise; pyannote's own voice models narrow it in the same way.
    def forward(self, waveforms: Tensor, weights: Tensor) -> Tensor:  # type: ignore[override]
        """Windows (batch, 1, samples) and where the speaker speaks in each (batch, frames) -> (batch, dimension).

        Where somebody speaks too little for a point (or not at all, which is so for most speakers of most windows) the
        numbers are NaN, which the clustering knows.
        """
        utterances, rows = [], []
        for row, (waveform, speaks) in enumerate(zip(waveforms[:, 0], weights, strict=True)):
            if not speaks.any():
                continue
            features = self.network.find_features(waveform)
            chosen = F.interpolate(speaks[None, None], size=len(features), mode="nearest")[0, 0] > 0.5
            if chosen.sum() >= self.network.fewest_frames:
                utterances.append(features[chosen])
                rows.append(row)
        points = torch.full((len(waveforms), self.dimension), math.nan, device=waveforms.device)
        if rows:
            points[rows] = self.network.embed(utterances)
        return points


class VoiceClustering(BaseClustering):
    """Joins the nearest voices until the next two are further apart than ``same_voice``; the groups are speakers.

    ``same_voice`` is the distance between the centres of points of length 1: 0 for the same direction, 2 for opposite
    ones. Groups that are too small are no speakers; their points go to the nearest one.
    """

    expects_num_clusters = False

    def __init__(self, *, same_voice: float) -> None:
        super().__init__(metric="cosine")
        self.same_voice = same_voice

    # pyannote says "an array" where it gives, and expects, three.
    def __call__(  # type: ignore[override]
        self,
        embeddings: Numbers,
        segmentations: SlidingWindowFeature,
        num_clusters: int | None = None,
        min_clusters: float = 1,
        max_clusters: float = math.inf,
        **_: object,
    ) -> tuple[Numbers, Numbers, Numbers]:
        """Points (windows, speakers, dimension) and who speaks when (windows, frames, speakers) -> the cluster of each
        speaker of each window, -2 for none; how near each is to each cluster; and the clusters' centres.
        """
        found = ~np.isnan(embeddings).any(axis=2)  # (windows, speakers)
        if not found.any():  # somebody made a sound, too short to tell who
            nobody = np.full((1, embeddings.shape[2]), math.nan)
            return np.zeros(found.shape, dtype=np.int8), np.zeros((*found.shape, 1)), nobody
        speaks = segmentations.data
        alone_share = (speaks * (speaks.sum(axis=2, keepdims=True) == 1)).mean(axis=1)
        clear = found & (alone_share >= LEAST_ACTIVE)
        lengths = np.linalg.norm(embeddings, axis=2, keepdims=True)
        points = np.divide(embeddings, lengths, where=lengths > 0, out=np.zeros_like(embeddings))
        least = max(1, int(num_clusters or min_clusters))
        most = min(num_clusters or max_clusters, math.inf)
        if clear.sum() < least:
            clear = found
        groups = self._group(points[clear], least=least, most=most)
        centres = np.stack([points[clear][groups == group].mean(axis=0) for group in range(groups.max() + 1)])
        nearness = 2 - cdist(points.reshape(-1, points.shape[2]), centres, metric="cosine").reshape(*found.shape, -1)
        nearest = np.where(found, np.nan_to_num(nearness).argmax(axis=2), -2)
        return nearest.astype(np.int8), nearness, centres

    def _group(self, points: Numbers, *, least: int, most: float) -> Numbers:
        """(points, dimension) -> the group of each point, counted from 0; -1 for those of groups that are too small."""
        if len(points) == 1:
            return np.zeros(1, dtype=int)
        tree = linkage(points, method="centroid")
        enough = min(ENOUGH_POINTS, max(FEWEST_POINTS, round(LEAST_CLUSTER * len(points))))
        enough = max(1, min(enough, int(MOST_OF_ALL * len(points))))
        groups = _keep_large(fcluster(tree, self.same_voice, criterion="distance"), enough)
        wanted = min(max(groups.max() + 1, least), most, len(points))
        if groups.max() + 1 == wanted:
            return groups
        for parts in range(int(wanted), min(len(points), MOST_CUTS) + 1):
            groups = _keep_large(fcluster(tree, parts, criterion="maxclust"), enough)
            if groups.max() + 1 == wanted:
                return groups
        return _keep_large(fcluster(tree, wanted, criterion="maxclust"), 1)


def _keep_large(labels: Numbers, enough: int) -> Numbers:
    """Labels counted anew from 0 in their order, and -1 for those that fewer than ``enough`` points have."""
    names, counts = np.unique(labels, return_counts=True)
    large = names[counts >= enough]
    return np.where(np.isin(labels, large), np.searchsorted(large, labels), -1)


class NoPLDA(PLDA):
    """The pipeline insists on one, though only its own clustering uses it, and would ask a hub for it."""

    def __init__(self) -> None:
        """Nothing to load."""


class Diarization(SpeakerDiarization):
    """pyannote's pipeline with our models, voice points and clustering."""

    def __init__(self, segmentation: PyanNet, voices: VoiceNetwork, *, embedding_batch_size: int) -> None:
        super().__init__(
            legacy=True,
            segmentation=segmentation,
            segmentation_step=STEP,
            segmentation_batch_size=SEGMENTATION_BATCH,
            embedding=VoicePoint(voices),
            embedding_batch_size=embedding_batch_size,
            embedding_exclude_overlap=True,
            clustering="AgglomerativeClustering",
            plda=NoPLDA(),
        )
        self.clustering = VoiceClustering(same_voice=voices.same_voice)
        # pyannote would find this by trying ever shorter noises until the model fails.
        self._embedding.min_num_samples = round(LEAST_ALONE_S * SAMPLE_RATE_HZ)
        onset = {} if all(one.powerset for one in segmentation.specifications) else {"threshold": ONSET}
        self.instantiate({"segmentation": {"min_duration_off": PAUSE_S, **onset}})

    def reconstruct(
        self, segmentations: SlidingWindowFeature, hard_clusters: Numbers, count: SlidingWindowFeature
    ) -> SlidingWindowFeature:
        """No more speakers at once than there are in all: pyannote would invent one to talk over the others."""
        count.data = np.minimum(count.data, max(1, hard_clusters.max() + 1)).astype(np.int8)
        return super().reconstruct(segmentations, hard_clusters, count)
