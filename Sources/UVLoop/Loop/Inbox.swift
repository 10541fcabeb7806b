import CUV
import Synchronization

/// Where other threads leave work for the loop, and how they wake it.
///
/// A lock around a batch that the loop swaps for an empty one: a post allocates nothing but its
/// closure, and the lock is held for a few instructions. A wakeup is written only by the post that
/// finds the loop asleep, so any number of posts cost one.
final class Inbox: Sendable {
    private struct Contents: ~Copyable {
        var entries = ReadyBatch()
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
    func post(_ entry: consuming ReadyEntry) -> Bool {
        var wakes = false
        // A closure cannot give away what it has captured, except in parts.
        var entry = Optional(entry)
        let isAccepted = contents.withLock { contents in
            guard !contents.isClosed else { return false }
            contents.entries.append(entry.take().unsafelyUnwrapped)
            // First the entry, then the question: the loop does it the other way round, so one of
            // the two always sees the other.
            if !hasEntries.load(ordering: .relaxed) {
                hasEntries.store(true, ordering: .sequentiallyConsistent)
            }
            if isSleeping.load(ordering: .sequentiallyConsistent) {
                wakes = isSleeping.exchange(false, ordering: .sequentiallyConsistent)
                // Inside the lock, so that `close` sees every sender that may still come.
                if wakes { senders.add(1, ordering: .relaxed) }
            }
            return true
        }
        if wakes {
            wakeup.send()
            senders.subtract(1, ordering: .releasing)
        }
        return isAccepted
    }

    /// Whether `take` would find anything: one load, for every turn.
    var isEmpty: Bool { !hasEntries.load(ordering: .sequentiallyConsistent) }

    /// Swaps what has been posted for the empty batch in `spare`.
    ///
    /// - Parameter waits: false to leave everything for the next time if a post is just under way.
    func take(into spare: inout ReadyBatch, waits: Bool) {
        if waits {
            contents.withLock { swap(&$0, &spare) }
        } else {
            _ = contents.withLockIfAvailable { swap(&$0, &spare) }
        }
    }

    private func swap(_ contents: inout Contents, _ spare: inout ReadyBatch) {
        hasEntries.store(false, ordering: .relaxed)
        Swift.swap(&contents.entries, &spare)
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

    /// Refuses posts from now on, takes the last ones, and returns once no thread is still sending
    /// a wakeup.
    func close(takingInto spare: inout ReadyBatch) {
        contents.withLock { contents in
            contents.isClosed = true
            swap(&contents, &spare)
        }
        while senders.load(ordering: .acquiring) != 0 { sched_yield() }
    }
}
