import Foundation

/// Runs every workload against every server in turn and prints what each costs next to the first.
@main
struct Compare {
    static func main() {
        do {
            let arguments = try Arguments(CommandLine.arguments.dropFirst())
            LiveChildren.killThemOnSignals()
            DescriptorLimit.raise()
            let comparison = try Comparison(arguments)
            let results = try comparison.run()
            print(ResultTable(results).text)
            if let file = arguments.jsonFile {
                try results.write(to: file)
            }
        } catch let error as Failure {
            LiveChildren.killAll()
            Progress.say("Compare: \(error.message)")
            exit(error.status)
        } catch {
            LiveChildren.killAll()
            Progress.say("Compare: \(error)")
            exit(1)
        }
    }
}
