"""Every setting, read once from a mapping such as the environment: bounds checked, unknown names reported.

Knows names, types and bounds; not who uses a value. `.env.example` is held to this file by test.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from rag.messages import Reason, reason
from rag.options import DEFAULTS, TABLE, SetBy, applied, of
from rag.types import RetrievalOptions

from . import addresses
from .environment import Secret, Spec, parsed, written

PREFIXES = ("RAG_", "MILVUS_", "OPENAI_")
FOREIGN = frozenset(
    {"OPENAI_LOG", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_WEBHOOK_SECRET", "RAG_REQUIRE_BROWSER"}
)
"""Names with our prefixes that other programs define; never reported as unknown."""
FOREIGN_PREFIXES = ("MILVUS_LITE_", "MILVUS_TEST_")


def setting(
    name: str,
    default: Any,
    about: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    shape: Callable[[str, str], object] | None = None,
) -> Any:
    """A dataclass field that is read from the environment variable `name`."""
    return dataclasses.field(default=default, metadata={"spec": Spec(name, about, low, high, choices, shape)})


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings with their defaults. Build it with `Settings.from_env`, which checks bounds."""

    profile: str = setting("RAG_PROFILE", "auto", "Which models run", choices=("auto", "qwen3", "offline"))
    data_dir: str = setting("RAG_DATA_DIR", "./data", "Folder of the embedded database and everything else kept")
    keep_originals: bool = setting(
        "RAG_KEEP_ORIGINALS",
        True,
        "Keep the files of documents in the data folder, to re-ingest and to download them",
        choices=("true", "false"),
    )
    waste_days: float = setting(
        "RAG_WASTE_DAYS", 7.0, "Days the file of a deleted document can still be had back", low=0, high=3650
    )
    vectors_mb: float = setting(
        "RAG_VECTORS_MB",
        1000.0,
        "MB on disk for what the offline models made of passages, some 0.15 each; 0 makes it anew after each start",
        low=0,
        high=1000000,
    )
    collection: str = setting("RAG_COLLECTION", "plainsight", "Name of the knowledge base in Milvus")
    host: str = setting("RAG_HOST", "127.0.0.1", "Address the page listens on")
    allowed_hosts: str = setting(
        "RAG_ALLOWED_HOSTS", "", "Names the page answers to besides localhost, comma separated, as behind a proxy"
    )
    trusted_proxies: str = setting(
        "RAG_TRUSTED_PROXIES",
        "",
        "Addresses or networks of proxies, comma separated, whose X-Forwarded-Host, -Proto and -For count; empty: none",
        shape=addresses.networks,
    )
    root_path: str = setting(
        "RAG_ROOT_PATH",
        "",
        "Path the page is under, such as /docs, where a proxy shares the host",
        shape=addresses.root_path,
    )
    user_header: str = setting(
        "RAG_USER_HEADER", "", "Header in which a signing-in proxy names the user; empty: none is believed"
    )
    connections_per_address: int = setting(
        "RAG_CONNECTIONS_PER_ADDRESS",
        256,
        "Connections one address may have at once; raise it where a proxy that is not trusted stands in front",
        low=4,
        high=65535,
    )
    questions_per_visitor: int = setting(
        "RAG_QUESTIONS_PER_VISITOR", 2, "Questions of one visitor that may be answered at once", low=1, high=100
    )
    upload_mb_per_hour: float = setting(
        "RAG_UPLOAD_MB_PER_HOUR", 2000.0, "Most MB one visitor may upload within an hour", low=0.01, high=1000000
    )
    upload_files_per_hour: int = setting(
        "RAG_UPLOAD_FILES_PER_HOUR", 20000, "Most files one visitor may upload within an hour", low=1, high=10000000
    )
    disk_reserve_mb: float = setting(
        "RAG_DISK_RESERVE_MB", 500.0, "MB of the disk that uploads leave free", low=0, high=1000000
    )
    port: int = setting("RAG_PORT", 7860, "Port the page listens on", low=1, high=65535)
    log_level: str = setting(
        "RAG_LOG_LEVEL", "INFO", "How much is logged", choices=("DEBUG", "INFO", "WARNING", "ERROR")
    )

    embedding_model: str = setting(
        "RAG_EMBEDDING_MODEL", "Qwen/Qwen3-Embedding-0.6B", "Hub id or folder of the Qwen3 embedding model"
    )
    embedding_revision: str = setting("RAG_EMBEDDING_REVISION", "main", "Its hub revision: branch, tag or commit")
    embedding_dimension: int = setting(
        "RAG_EMBEDDING_DIMENSION", 0, "Vector length, cut then normalised; 0 is the model's own", low=0, high=4096
    )
    embedding_max_tokens: int = setting(
        "RAG_EMBEDDING_MAX_TOKENS", 8192, "Longest text embedded whole, in tokens", low=64, high=32768
    )
    reranker_model: str = setting(
        "RAG_RERANKER_MODEL", "Qwen/Qwen3-Reranker-0.6B", "Hub id or folder of the Qwen3 reranker"
    )
    reranker_revision: str = setting("RAG_RERANKER_REVISION", "main", "Its hub revision: branch, tag or commit")
    reranker_max_tokens: int = setting(
        "RAG_RERANKER_MAX_TOKENS", 4096, "Longest prompt of the reranker, in tokens", low=512, high=32768
    )
    batch_tokens: int = setting(
        "RAG_BATCH_TOKENS",
        4096,
        "Tokens the models take in one batch; lower it when memory is short",
        low=64,
        high=262144,
    )
    number_type: str = setting(
        "RAG_NUMBER_TYPE",
        "auto",
        "Number type of the models; int8 is for Qwen3 and runs only where its check passed",
        choices=("auto", "fp32", "bf16", "int8"),
    )
    device: str = setting("RAG_DEVICE", "auto", "Where the models run", choices=("auto", "cpu", "cuda", "mps"))
    threads: int = setting("RAG_THREADS", 0, "Threads of the models on a CPU; 0 is automatic", low=0, high=512)

    milvus_uri: str = setting("MILVUS_URI", "", "Empty: embedded in the data folder; or a .db path, or http(s)://…")
    milvus_token: Secret = setting("MILVUS_TOKEN", Secret(""), "Token or user:password of the Milvus server")
    milvus_database: str = setting("MILVUS_DB", "", "Database on the Milvus server")
    milvus_server_pem: str = setting(
        "MILVUS_SERVER_PEM", "", "PEM file to check an https:// server against; empty: the system's authorities"
    )
    milvus_timeout: float = setting(
        "MILVUS_TIMEOUT", 5.0, "Seconds a Milvus server may take per call", low=0.5, high=600
    )
    milvus_index: Literal["auto", "flat", "hnsw", "hnsw_sq", "ivf_sq8", "ivf_rabitq", "diskann"] = setting(
        "MILVUS_INDEX",
        "auto",
        "Dense index; auto is flat on Milvus Lite and hnsw on servers",
        choices=("auto", "flat", "hnsw", "hnsw_sq", "ivf_sq8", "ivf_rabitq", "diskann"),
    )
    milvus_consistency: Literal["session", "strong"] = setting(
        "MILVUS_CONSISTENCY",
        "session",
        "What a search on a server sees: at least this app's own changes, or all changes of all apps (slower)",
        choices=("session", "strong"),
    )
    hnsw_m: int = setting("MILVUS_HNSW_M", 16, "HNSW: links per node", low=2, high=2048)
    hnsw_ef_construction: int = setting(
        "MILVUS_HNSW_EF_CONSTRUCTION", 200, "HNSW: width while building", low=8, high=10000
    )
    ivf_nlist: int = setting("MILVUS_IVF_NLIST", 1024, "IVF: clusters", low=1, high=65536)
    ivf_nprobe: int = setting("MILVUS_IVF_NPROBE", 64, "IVF: clusters searched", low=1, high=65536)
    hnsw_ef: int = setting("MILVUS_HNSW_EF", 128, "HNSW, DISKANN: width while searching", low=8, high=32768)

    chunk_tokens: int = setting(
        "RAG_CHUNK_TOKENS", 240, "Largest chunk, in tokens of the embedding model", low=32, high=8192
    )
    chunk_overlap: int = setting(
        "RAG_CHUNK_OVERLAP", 32, "Tokens repeated where a long section had to be cut", low=0, high=2048
    )
    max_file_mb: float = setting("RAG_MAX_FILE_MB", 20.0, "Largest file accepted, in MB", low=0.01, high=1024)
    max_files: int = setting("RAG_MAX_FILES", 2000, "Most files accepted at once", low=1, high=100000)
    max_total_mb: float = setting("RAG_MAX_TOTAL_MB", 200.0, "Most MB accepted at once", low=0.01, high=65536)

    retrieval: RetrievalOptions = DEFAULTS
    """Options of a question where nobody else sets them; those of the table with a variable are read from it."""
    rrf_k: int = setting("RAG_RRF_K", 60, "Constant of reciprocal rank fusion", low=1, high=1000)
    rerank_seconds: float = setting(
        "RAG_RERANK_SECONDS", 0.0, "Time the reranker may take per question; 0 is no limit", low=0.0, high=3600
    )

    step_limit: int = setting(
        "RAG_STEP_LIMIT",
        6,
        "Most steps of an answer; two thirds where quick, twice as many where thorough",
        low=2,
        high=12,
    )
    step_seconds: float = setting(
        "RAG_STEP_SECONDS", 60.0, "Seconds after which no further step begins; likewise", low=1, high=600
    )
    step_calls: int = setting(
        "RAG_STEP_CALLS", 8, "Times the language model may be asked for the next step; likewise", low=1, high=50
    )
    step_tokens: int = setting("RAG_STEP_TOKENS", 24000, "Tokens it may take for that; likewise", low=500, high=1000000)

    openai_api_key: Secret = setting(
        "OPENAI_API_KEY", Secret(""), "Key of the language model; empty: extractive answers"
    )
    openai_base_url: str = setting("OPENAI_BASE_URL", "", "Any OpenAI-compatible server; empty: OpenAI's own")
    openai_model: str = setting("OPENAI_MODEL", "gpt-4o", "Language model")
    openai_timeout: float = setting(
        "OPENAI_TIMEOUT",
        0.0,
        "Seconds to wait for the next token; 0: 60, and 300 for the first where it runs here or thinks",
        low=0,
        high=3600,
    )
    openai_reasoning_effort: str = setting(
        "OPENAI_REASONING_EFFORT",
        "",
        "How long a model that thinks does so; empty: as it likes",
        choices=("none", "minimal", "low", "medium", "high", "xhigh"),
    )
    openai_retries: int = setting("OPENAI_RETRIES", 2, "Retries before the first token", low=0, high=10)
    openai_temperature: float = setting("OPENAI_TEMPERATURE", 0.2, "Sampling temperature", low=0.0, high=2.0)
    openai_max_tokens: int = setting("OPENAI_MAX_TOKENS", 1200, "Longest answer, in tokens", low=16, high=128000)
    openai_context: int = setting(
        "OPENAI_CONTEXT", 0, "Context of the language model, in tokens; 0: as its server says", low=0, high=100000000
    )
    model_choice: str = setting(
        "RAG_MODEL_CHOICE",
        "auto",
        "Whether visitors may choose the language model on the page; auto: where it listens on this machine alone",
        choices=("auto", "on", "off"),
    )
    context_tokens: int = setting(
        "RAG_CONTEXT_TOKENS", 6000, "Contexts in the prompt, in tokens", low=100, high=1000000
    )
    history_tokens: int = setting("RAG_HISTORY_TOKENS", 1500, "History in the prompt, in tokens", low=0, high=1000000)

    given: frozenset[str] = dataclasses.field(default=frozenset(), compare=False)
    """Names of the fields and options that the environment gave a value."""

    SPECS: ClassVar[Mapping[str, Spec]]
    """Name of a field or a retrieval option -> its form in the environment; filled below."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Settings of a mapping of environment variables; an empty value means the default.

        Raises SettingsError naming variable, value and what is allowed.
        """
        usual = cls()
        values = {
            name: parsed(spec, usual.value(name), env[spec.name].strip())
            for name, spec in cls.SPECS.items()
            if env.get(spec.name, "").strip()
        }
        given = frozenset(values)
        said = {name: values.pop(name) for name in tuple(values) if name in TABLE}
        return cls(**values, given=given, retrieval=applied(DEFAULTS, question=said))

    def to_env(self) -> dict[str, str]:
        """The inverse of `from_env`, secrets revealed."""
        return {spec.name: written(self.value(name)) for name, spec in self.SPECS.items()}

    def value(self, name: str) -> Any:
        """The value of a field or a retrieval option."""
        return TABLE[name].of(self.retrieval) if name in TABLE else getattr(self, name)

    @property
    def uri(self) -> str:
        """Address of Milvus: the setting, or the embedded database in the data folder."""
        return self.milvus_uri or str(Path(self.data_dir) / "milvus.db")


def _specs() -> Iterator[tuple[str, Spec]]:
    """`Settings.SPECS` in the order of the class, the retrieval options in that of their table."""
    for field in dataclasses.fields(Settings):
        if field.name == "retrieval":
            yield from ((option.name, Spec.of(option)) for option in of(by=SetBy.SETTING))
        elif "spec" in field.metadata:
            yield field.name, field.metadata["spec"]


Settings.SPECS = dict(_specs())


def unknown(names: Iterable[str]) -> list[Reason]:
    """Warnings about variables that look like ours and are not: a typing slip must not pass unseen."""
    known = {spec.name for spec in Settings.SPECS.values()}
    strange = sorted(
        n for n in names if n.startswith(PREFIXES) and n not in known | FOREIGN and not n.startswith(FOREIGN_PREFIXES)
    )
    return [_unknown(name, known) for name in strange]


def _unknown(name: str, known: set[str]) -> Reason:
    near = difflib.get_close_matches(name, known, n=1)
    return reason("settings.unknown_near", name=name, near=near[0]) if near else reason("settings.unknown", name=name)
