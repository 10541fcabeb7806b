#if os(Linux)
import CoreFoundation
import Foundation
import UVLoop

/// Foundation's run loop of the main thread, turned by somebody else.
///
/// The loop runs *inside* the run loop, in the callout of an observer: else the run loop would
/// ignore it when other threads wake it. Whenever its descriptor is readable, it is run once more,
/// nested, until it would wait.
///
/// Belongs to the main thread, and lives as long as the process.
final class MainRunLoop {
    private let runLoop: CFRunLoop = CFRunLoopGetMain()
    private let mode: CFRunLoopMode = kCFRunLoopDefaultMode
    private let descriptor: Int32
    /// How many runs of it are under way, one in the other.
    private var depth = 0
    /// The run that ends as soon as it would wait.
    private var depthOfTurn: Int?

    /// - Throws: ``UVError/notSupported`` with a Foundation that does not tell its descriptor.
    init() throws(UVError) {
        guard let descriptor = Self.descriptor(of: CFRunLoopGetMain()) else {
            throw UVError.notSupported
        }
        self.descriptor = descriptor
        addObserver([.entry, .beforeWaiting, .exit], order: .max) { [unowned self] in observe($0) }
    }

    var companion: MainCompanion {
        MainCompanion(descriptor: descriptor, around: run(_:), turn: turn)
    }

    /// Calls a closure in the run loop.
    private func run(_ body: () -> Void) {
        withoutActuallyEscaping(body) { body in
            var isDone = false
            // Before anything else that a run does; but user code that is called before may stop
            // the run.
            let observer = addObserver([.beforeTimers], order: .min) { [unowned self] _ in
                guard !isDone else { return }
                isDone = true
                body()
                CFRunLoopStop(runLoop)
            }
            while !isDone { _ = runUntilStopped() }
            CFRunLoopObserverInvalidate(observer)
        }
    }

    /// Does what there is to do.
    private func turn() {
        guard depthOfTurn == nil else { return }
        depthOfTurn = depth + 1
        defer { depthOfTurn = nil }
        for _ in 0..<16 where runUntilStopped() != .handledSource { return }
        // A source that signals itself again and again must not keep the loop from its own work.
        CFRunLoopWakeUp(runLoop)
    }

    private func runUntilStopped() -> CFRunLoopRunResult {
        // So long a time is one for ever, and makes no timer.
        CFRunLoopRunInMode(mode, 1e10, true)
    }

    private func observe(_ activity: CFRunLoopActivity) {
        switch activity {
        case .entry: depth += 1
        case .exit: depth -= 1
        default: if depth == depthOfTurn { CFRunLoopStop(runLoop) }
        }
    }

    @discardableResult
    private func addObserver(
        _ activities: CFRunLoopActivity, order: CFIndex,
        _ body: @escaping (CFRunLoopActivity) -> Void
    ) -> CFRunLoopObserver {
        let observer = CFRunLoopObserverCreateWithHandler(
            kCFAllocatorDefault, activities.rawValue, true, order
        ) { _, activity in body(activity) }
        CFRunLoopAddObserver(runLoop, observer, mode)
        return observer!
    }

    /// The descriptor that is readable when the run loop has something to do in its default mode:
    /// an epoll set, which it only tells in its description.
    private static func descriptor(of runLoop: CFRunLoop) -> Int32? {
        let text = String(describing: CFCopyDescription(runLoop)!)
        let place = #/name = kCFRunLoopDefaultMode, port set = 0x([0-9a-f]+)/#
        guard let match = text.firstMatch(of: place),
            let descriptor = Int32(match.1, radix: 16)
        else { return nil }
        let path = "/proc/self/fd/\(descriptor)"
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
        return target == "anon_inode:[eventpoll]" ? descriptor : nil
    }
}
#endif
