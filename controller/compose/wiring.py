"""Wire finished adapters into workflows; the same for production, the demo and tests."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field

from controller.approval.request import Timing
from controller.ports.agent import AgentClient
from controller.ports.clock import Clock
from controller.ports.code_host import CodeHostWriter, ConversationReader
from controller.ports.deployer import Deployer
from controller.ports.directory import Directory
from controller.ports.issue_tracker import IssueTracker
from controller.ports.journal import Index, Journal, WorkQueue
from controller.ports.merge_queue import MergeQueueReader
from controller.ports.policy_engine import PolicyEngine
from controller.ports.proposer import Proposer
from controller.workflow.authorizing import Authorizing
from controller.workflow.chronicle import Chronicle
from controller.workflow.commands import Commands
from controller.workflow.contest_watch import ContestWatch
from controller.workflow.dispatch import Workflows
from controller.workflow.follow_main import FollowMain
from controller.workflow.gathering import CodeHostReader, Gatherer
from controller.workflow.green_checks import GreenChecks
from controller.workflow.involving import Involving
from controller.workflow.judging import Judging
from controller.workflow.late_merges import LateMerges
from controller.workflow.merge_queue import MergeQueue
from controller.workflow.merges import Merges
from controller.workflow.progress import DeploymentProgress
from controller.workflow.pull_requests import PullRequests
from controller.workflow.realizing import Realizing
from controller.workflow.restoring import Restoring
from controller.workflow.reviews import Reviews
from controller.workflow.roll_out import RollOut
from controller.workflow.seal import Ledger, Sealer
from controller.workflow.shared_heads import SharedHeads
from controller.workflow.showing import Showing
from controller.workflow.simulating import Simulating
from controller.workflow.step_up import SteppedUp
from controller.workflow.survey import Surveyor
from controller.workflow.sweep import Sweep
from controller.workflow.unadmitted import Unadmitted


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything the workflows talk to, finished."""

    reader: CodeHostReader
    merge_queue: MergeQueueReader
    conversation: ConversationReader
    proposer: Proposer
    writer: CodeHostWriter
    issues: IssueTracker
    directory: Directory
    engine: PolicyEngine
    deployers: Mapping[str, Deployer]
    """Keyed by runtime."""
    agents: AgentClient
    journal: Journal
    queue: WorkQueue
    index: Index
    ledger: Ledger
    clock: Clock
    new_id: Callable[[], str]
    pool: Executor
    """For the parallel reads and writes of one judgement."""
    branch: str = "main"
    timing: Timing = field(default_factory=Timing)
    """How long a request for approval waits, and when it is told of again."""


def wire(parts: Parts) -> Workflows:
    """Return every workflow, made of `parts`."""
    sealer = Sealer(parts.journal, parts.ledger, parts.clock)
    chronicle = Chronicle(parts.journal, sealer, parts.clock, parts.new_id)
    history = chronicle.history
    directory = ContestWatch(parts.directory, chronicle)
    gatherer = Gatherer(parts.reader, parts.pool, parts.branch, history)
    unadmitted = Unadmitted(parts.reader, history)
    involving = Involving(parts.reader, SteppedUp(directory, chronicle), parts.pool)
    judging = Judging(involving, parts.engine, history, unadmitted, parts.timing)
    surveyor = Surveyor(gatherer, involving, unadmitted, chronicle)
    merges = Merges(gatherer, judging, unadmitted, chronicle)
    showing = Showing(parts.writer, parts.pool)
    authorizing = Authorizing(unadmitted, parts.engine, chronicle, parts.branch)
    return Workflows(
        authorizing=authorizing,
        pull_requests=PullRequests(
            parts.reader, gatherer, judging, chronicle, (showing, SharedHeads(parts.reader, parts.index))
        ),
        main=FollowMain(parts.reader, gatherer, chronicle),
        late_merges=LateMerges(parts.reader, gatherer, chronicle),
        merges=merges,
        roll_out=RollOut(parts.deployers, parts.agents, Realizing(parts.reader, history), chronicle),
        progress=DeploymentProgress(chronicle, parts.writer),
        reviews=Reviews(parts.issues, parts.reader, directory, authorizing, chronicle),
        sealer=sealer,
        restoring=Restoring((parts.reader, parts.proposer), gatherer, unadmitted, chronicle),
        merge_queue=MergeQueue((parts.merge_queue, parts.reader), gatherer, judging, chronicle, showing),
        sweep=Sweep(surveyor, parts.queue, parts.index, chronicle),
        green_checks=GreenChecks(parts.index, parts.clock),
        commands=Commands(parts.conversation, parts.writer, directory, authorizing, chronicle),
        simulating=Simulating(gatherer, directory, parts.engine, authorizing, chronicle),
    )
