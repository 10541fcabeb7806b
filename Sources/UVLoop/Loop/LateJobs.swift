import Synchronization

/// Runs the jobs of tasks that come to a loop after it has been closed.
///
/// A job cannot be refused: the task would never end, and what it holds would leak. So it runs on
/// the default executor, still one at a time, and finds that every operation of its loop says
/// closed.
final class LateJobs: Sendable {
    static let shared = LateJobs()

    private struct Queue {
        var jobs: [(entry: ReadyEntry, core: SharedCore)] = []
        var isDraining = false
    }

    private let queue = Mutex(Queue())

    func take(_ entry: ReadyEntry, for core: SharedCore) {
        let isFirst = queue.withLock { queue in
            queue.jobs.append((entry, core))
            defer { queue.isDraining = true }
            return !queue.isDraining
        }
        if isFirst { Task.detached { await self.drain() } }
    }

    private func drain() async {
        while true {
            let jobs = queue.withLock { queue in
                let jobs = queue.jobs
                queue.jobs = []
                queue.isDraining = !jobs.isEmpty
                return jobs
            }
            if jobs.isEmpty { return }
            for job in jobs {
                // A loop in the middle of its end: another thread has a few instructions to go.
                while !job.core.isOver { await Task.yield() }
                job.core.runLate(job.entry)
            }
        }
    }
}
