from scopecraft.cli.entry import main

if __name__ == "__main__":
    main()
