from learnflow.cli.main import main

main()
