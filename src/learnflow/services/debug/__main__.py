from learnflow.kit.serve import main

main("debug")
