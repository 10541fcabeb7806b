import CUV
import Synchronization

/// Work on files on its way to libuv's thread pool: a thread that has done with a piece of it takes
/// the next by itself, and what has ended meanwhile comes back to the loop together.
///
/// With a request of libuv's for each, a thread would be woken for nearly all of them, and that
/// costs more than to read what the system has in its cache.
///
/// Everything is begun in order, on as many threads as the pool has. After ``mostInARow`` a thread
/// goes to the end of the pool's own queue, so that others have their turn.
final class PoolQueue: Sendable {
    struct Contents {
        /// Those that have been taken back among them.
        var waiting = Fifo<PoolJob>()
        var ended: ContiguousArray<PoolJob> = []
        /// With room for the next that end.
        var spare: ContiguousArray<PoolJob> = []
        /// Whether the loop is about to start threads.
        var isStarting = false
        /// How many threads are at work, or about to be.
        var threads = 0
        /// Whether the loop has been told that there is something in `ended`.
        var isAnnounced = false

        mutating func takeFirst() -> PoolJob? {
            while let job = waiting.takeFirst() {
                if job.tryToBegin() { return job }
            }
            return nil
        }
    }

    private static let mostInARow = 64

    /// As many as libuv makes, which asks the environment once, too.
    private static let mostThreads: Int = {
        guard let text = getenv("UV_THREADPOOL_SIZE") else { return 4 }
        return min(max(Int(atoi(text)), 1), 1_024)
    }()

    private let contents = Mutex(Contents())

    // MARK: On the loop's thread

    /// Adds work to the end. Threads start with it in the next turn: all that has been added until
    /// then is there for the first of them.
    func add(_ job: PoolJob, _ loop: EventLoop) {
        let isFirst = contents.withLock { contents in
            contents.waiting.append(job)
            guard !contents.isStarting, contents.threads < Self.mostThreads else { return false }
            contents.isStarting = true
            return true
        }
        guard isFirst else { return }
        let start: ReadyEntry.Function = {
            let loop = Unmanaged<EventLoop>.fromOpaque($0.unsafelyUnwrapped).takeRetainedValue()
            loop.core.poolQueue.startThreads(loop)
        }
        loop.core.enqueue(.function(start, Unmanaged.passRetained(loop).toOpaque()))
    }

    /// Starts as many threads as there is work for.
    private func startThreads(_ loop: EventLoop) {
        let count = contents.withLock { contents in
            contents.isStarting = false
            let count = min(contents.waiting.count, Self.mostThreads - contents.threads)
            contents.threads += count
            return count
        }
        for _ in 0..<count { startThread(loop) }
    }

    private func startThread(_ loop: EventLoop) {
        do throws(UVError) {
            try WorkRequest.start(loop) { [self] in
                work(loop)
                return 0
            } _: { [self] _ in
                deliver()
                startThreads(loop)
            }
        } catch {
            fatalError("UVLoop: uv_queue_work: \(error)")
        }
    }

    /// Takes work back. False if a thread has begun with it.
    func takeBack(_ job: PoolJob) -> Bool {
        contents.withLock { _ in job.tryToTakeBack() }
    }

    private func deliver() {
        var ended = contents.withLock { contents in
            contents.isAnnounced = false
            let ended = contents.ended
            contents.ended = contents.spare
            contents.spare = []
            return ended
        }
        for job in ended { job.end() }
        ended.removeAll(keepingCapacity: true)
        contents.withLock { [ended] in $0.spare = ended }
    }

    // MARK: On threads of the pool

    private func work(_ loop: EventLoop) {
        var done: PoolJob?
        for count in 0... {
            guard let job = next(after: done.take(), mayGoOn: count < Self.mostInARow, loop)
            else { return }
            job.perform()
            done = job
        }
    }

    /// Notes what is done, and takes the next; nil if the thread's work ends with that, which tells
    /// the loop as well.
    private func next(after done: PoolJob?, mayGoOn: Bool, _ loop: EventLoop) -> PoolJob? {
        var announces = false
        let next = contents.withLock { contents -> PoolJob? in
            if let done { contents.ended.append(done) }
            guard mayGoOn, let next = contents.takeFirst() else {
                contents.threads -= 1
                return nil
            }
            announces = !contents.isAnnounced && !contents.ended.isEmpty
            if announces { contents.isAnnounced = true }
            return next
        }
        if announces {
            let deliver: ReadyEntry.Function = {
                Unmanaged<PoolQueue>.fromOpaque($0.unsafelyUnwrapped).takeUnretainedValue()
                    .deliver()
            }
            // Refused by a loop that closes, which waits for the thread.
            _ = loop.core.inbox.post(.function(deliver, Unmanaged.passUnretained(self).toOpaque()))
        }
        return next
    }
}
