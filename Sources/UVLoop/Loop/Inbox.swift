import CUV
import Synchronization

/// Where other threads leave work for the loop, and how they wake it.
///
/// A lock around an array that the loop swaps for an empty one: a post allocates nothing, and the
/// lock is held for a few instructions. (A lock-free list needs a node for each post, allocated on
/// one thread and freed on the other, which measured dearer; see Benchmarks, "post".) A wakeup is
/// written only by the post that finds the loop asleep, so any number of posts cost one.
final class Inbox: Sendable {
    private struct Contents {
        var entries: ContiguousArray<ReadyEntry> = []
        var isClosed = false
    }

    private let contents = Mutex(Contents())
    private let hasEntries = Atomic(false)
    private let isSleeping = Atomic(false)
    /// How many threads are inside `wakeup.send()`; the wakeup is not closed under them.
    private let senders = Atomic(0)
    private let wakeup: Wakeup

    init(wakeup: Wakeup) {
        self.wakeup = wakeup
    }

    /// Leaves an entry and wakes the loop if it sleeps. False if the loop takes no more.
    func post(_ entry: ReadyEntry) -> Bool {
        let isAccepted = contents.withLock { contents in
            guard !contents.isClosed else { return false }
            contents.entries.append(entry)
            hasEntries.store(true, ordering: .sequentiallyConsistent)
            // Inside the lock, so that `close` sees every sender that may still come.
            senders.add(1, ordering: .relaxed)
            return true
        }
        guard isAccepted else { return false }
        if isSleeping.load(ordering: .sequentiallyConsistent),
            isSleeping.exchange(false, ordering: .sequentiallyConsistent)
        {
            wakeup.send()
        }
        senders.subtract(1, ordering: .releasing)
        return true
    }

    /// Whether `take` would find anything: one load, for every turn.
    var isEmpty: Bool { !hasEntries.load(ordering: .sequentiallyConsistent) }

    /// Swaps what has been posted for the empty array in `spare`.
    func take(into spare: inout ContiguousArray<ReadyEntry>) {
        contents.withLock { contents in
            hasEntries.store(false, ordering: .relaxed)
            swap(&contents.entries, &spare)
        }
    }

    /// Says that the loop is about to block. False if there is work after all: then it must not.
    func prepareToSleep() -> Bool {
        isSleeping.store(true, ordering: .sequentiallyConsistent)
        if isEmpty { return true }
        isSleeping.store(false, ordering: .relaxed)
        return false
    }

    /// Says that the loop looks at the inbox by itself again, so nobody needs to wake it.
    func wokeUp() {
        isSleeping.store(false, ordering: .relaxed)
    }

    /// Refuses posts from now on, and returns once no thread is still sending a wakeup.
    func close() {
        contents.withLock { $0.isClosed = true }
        while senders.load(ordering: .acquiring) != 0 { sched_yield() }
    }
}
