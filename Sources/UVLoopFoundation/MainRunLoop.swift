#if os(Linux)
import CoreFoundation
import Foundation
import UVLoop

/// Foundation's run loop of the main thread, with a loop of somebody else's in the place where it
/// would wait.
///
/// So each part of that loop runs in the callout of an observer, with the run loop in the state in
/// which other threads may wake it, and ends when the run loop's descriptor is readable.
///
/// Belongs to the main thread, and lives as long as the process.
final class MainRunLoop {
    private let runLoop: CFRunLoop = CFRunLoopGetMain()
    private let mode: CFRunLoopMode = kCFRunLoopDefaultMode
    private let descriptor: Int32
    /// How many runs of it are under way, one in the other.
    private var depth = 0

    /// - Throws: ``UVError/notSupported`` with a Foundation that does not tell its descriptor.
    init() throws(UVError) {
        guard let descriptor = Self.descriptor(of: CFRunLoopGetMain()) else {
            throw UVError.notSupported
        }
        self.descriptor = descriptor
        addObserver(.entry) { [unowned self] _ in depth += 1 }
        addObserver(.exit) { [unowned self] _ in depth -= 1 }
    }

    var companion: MainCompanion { MainCompanion(descriptor: descriptor, around: run(_:)) }

    /// Runs the run loop, and a closure instead of each wait, until that returns true.
    private func run(_ part: () -> Bool) {
        withoutActuallyEscaping(part) { part in
            let ownDepth = depth + 1
            var isOver = false
            var roundsWithoutWait = 0
            let observer = addObserver([.beforeSources, .beforeWaiting]) {
                [unowned self] activity in
                // Not in a run inside of this one, which a timer has begun.
                guard depth == ownDepth, !isOver else { return }
                if activity == .beforeSources {
                    roundsWithoutWait += 1
                    guard roundsWithoutWait > 16 else { return }
                    // A source that signals itself again and again must not keep the loop from its
                    // work. A short part of it: woken, it ends after a turn.
                    CFRunLoopWakeUp(runLoop)
                }
                roundsWithoutWait = 0
                isOver = part()
                if isOver {
                    CFRunLoopStop(runLoop)
                } else if !isReadable {
                    CFRunLoopWakeUp(runLoop)
                }
            }
            // So long a time is one for ever, and makes no timer. Others may stop the run.
            while !isOver { CFRunLoopRunInMode(mode, 1e10, false) }
            CFRunLoopObserverInvalidate(observer)
        }
    }

    /// Whether the wait that follows is none anyway.
    private var isReadable: Bool {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&watched, 1, 0) > 0
    }

    /// Adds an observer that is called after all others.
    @discardableResult
    private func addObserver(
        _ activities: CFRunLoopActivity, _ body: @escaping (CFRunLoopActivity) -> Void
    ) -> CFRunLoopObserver {
        let observer = CFRunLoopObserverCreateWithHandler(
            kCFAllocatorDefault, activities.rawValue, true, .max
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
